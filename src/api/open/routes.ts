import { keysRoutes } from './keys.ts';
import { productRoutes } from './products.ts';
import type { Route } from './route.ts';
import { settingsRoutesOfAll } from './settings.ts';

/** All of `/api/v1`. */
export const routes: readonly Route[] = [...productRoutes, ...settingsRoutesOfAll, ...keysRoutes];
