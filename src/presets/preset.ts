import type { PolicySettings } from '#domain/policy.ts';
import type { PromoPool } from '#domain/promo.ts';
import type { RecommendationSettings } from '#domain/recommendation-settings.ts';
import type { ShopSettings } from '#domain/shop.ts';
import type { StageSettings } from '#domain/stages.ts';
import type { settingsSchemas } from '#workflows/catalogue.ts';

export type Schemas = typeof settingsSchemas;

/** A retailer as data. Written at the first start; from then on people's settings hold. */
export interface Preset {
  name: string;
  title: string;
  /** What differs from the defaults. */
  shop: Partial<ShopSettings>;
  policy: PolicySettings;
  /** Pools of promo codes that the journeys name (R8). */
  promoPools?: readonly PromoPool[];
  /** What differs from the defaults: when customers slip away (P3). */
  stages?: Partial<StageSettings>;
  /** What differs from the defaults: what goes with what, by hand (P6). */
  recommendations?: Partial<RecommendationSettings>;
  /** As one would write them to the open API: what is left out, a whole journey too, takes its default. */
  journeys: { [Journey in keyof Schemas]?: Schemas[Journey]['_zod']['input'] };
}
