import express, { type Express } from 'express';
import { openToBrowsers } from './cors.ts';
import type { ApiDeps } from './deps.ts';
import { docsRouter } from './docs.ts';
import { errorHandler, notFound } from './errors.ts';
import { healthRouter } from './health.ts';
import { logRequests } from './log.ts';
import { countingIntake, createMetrics, measureRequests, metricsRouter } from './metrics.ts';
import { mindboxRouter } from './mindbox/router.ts';
import { openApiRouter } from './open/router.ts';
import { requestId } from './request-id.ts';
import { segmentRouter } from './segment/router.ts';
import { siteRouter } from './site/router.ts';
import { startPageRouter } from './start-page.ts';
import { telegramRouter } from './telegram/webhook-router.ts';
import { confirmRouter } from './tracking/confirm-router.ts';
import { preferencesRouter } from './tracking/preferences-router.ts';
import { trackingRouter } from './tracking/tracking-router.ts';
import { webhooksRouter } from './webhooks/router.ts';

/** The gateway's pages, put together. What takes events comes first, so that it passes the fewest handlers: it logs what
 *  went wrong itself, and thousands of good calls a second need no line each. */
export function createApp(deps: ApiDeps): Express {
  const metrics = deps.metrics ?? createMetrics();
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(requestId);
  app.use(measureRequests(metrics));
  const intake = countingIntake(deps.intake, metrics);
  app.use('/v1', openToBrowsers(['POST'], ['Authorization', 'Content-Type']));
  app.use(segmentRouter({ ...deps, intake }));
  app.use(healthRouter(deps));
  app.use(metricsRouter(metrics, deps));
  app.use(logRequests(deps.log));
  app.use(telegramRouter(deps));
  app.use(webhooksRouter({ ...deps, intake }));
  app.use(mindboxRouter({ ...deps, intake }));
  app.use(siteRouter({ ...deps, intake }));
  app.use(trackingRouter(deps));
  app.use(preferencesRouter(deps));
  app.use(confirmRouter(deps));
  app.use('/api/v1', openApiRouter(deps));
  app.use(startPageRouter(deps));
  app.use(docsRouter());
  if (deps.inbox) app.use(deps.inbox);
  if (deps.sample) app.use(deps.sample);
  app.use(notFound);
  app.use(errorHandler(deps.log));
  return app;
}
