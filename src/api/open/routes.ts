import { attributionRoutes } from './attribution.ts';
import { conflictRoutes } from './conflicts.ts';
import { consentRoutes } from './consents.ts';
import { customerRoutes } from './customers.ts';
import { deviceRoutes } from './devices.ts';
import { emailHealthRoutes } from './email-health.ts';
import { exportRoutes } from './export.ts';
import { exportsRoutes } from './exports.ts';
import { forecastRoutes } from './forecast.ts';
import { itemRoutes } from './items.ts';
import { journeyRoutes } from './journeys.ts';
import { keysRoutes } from './keys.ts';
import { messageRoutes } from './messages.ts';
import { planRoutes } from './plan.ts';
import { productRoutes } from './products.ts';
import { promoRoutes } from './promo.ts';
import { putCustomerRoutes } from './put-customers.ts';
import { putOrderRoutes } from './put-orders.ts';
import { recommendationRoutes } from './recommendations.ts';
import { reportRoutes } from './reports.ts';
import type { Route } from './route.ts';
import { segmentRoutes } from './segments.ts';
import { sendRoutes } from './send.ts';
import { settingsRoutes } from './settings.ts';
import { tailRoutes } from './tails.ts';
import { telegramLinkRoutes } from './telegram-link.ts';
import { templateRoutes } from './templates.ts';
import { testSendRoutes } from './test-send.ts';
import { webhookEndpointRoutes } from './webhook-endpoints.ts';
import { webhookSecretRoutes } from './webhook-secrets.ts';
import { whyRoutes } from './why.ts';

/** All of `/api/v1`. */
export const routes: readonly Route[] = [
  ...customerRoutes,
  ...consentRoutes,
  ...conflictRoutes,
  ...exportRoutes,
  ...exportsRoutes,
  ...planRoutes,
  ...whyRoutes,
  ...deviceRoutes,
  ...putCustomerRoutes,
  ...putOrderRoutes,
  ...telegramLinkRoutes,
  ...messageRoutes,
  ...sendRoutes,
  ...testSendRoutes,
  ...templateRoutes,
  ...journeyRoutes,
  ...tailRoutes,
  ...forecastRoutes,
  ...reportRoutes,
  ...attributionRoutes,
  ...emailHealthRoutes,
  ...segmentRoutes,
  ...settingsRoutes,
  ...productRoutes,
  ...itemRoutes,
  ...recommendationRoutes,
  ...promoRoutes,
  ...keysRoutes,
  ...webhookSecretRoutes,
  ...webhookEndpointRoutes,
];
