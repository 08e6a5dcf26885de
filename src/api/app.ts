import express, { type Express } from 'express';
import type { ApiDeps } from './deps.ts';
import { errorHandler, notFound } from './errors.ts';
import { logRequests } from './log.ts';
import { openApiRouter } from './open/router.ts';
import { requestId } from './request-id.ts';
import { segmentRouter } from './segment/router.ts';

/** The gateway's pages, put together. What takes events comes first, so that it passes the fewest handlers. */
export function createApp(deps: ApiDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(requestId);
  app.use(logRequests(deps.log));
  app.use(segmentRouter(deps));
  app.use('/api/v1', openApiRouter(deps));
  if (deps.inbox) app.use(deps.inbox);
  app.use(notFound);
  app.use(errorHandler(deps.log));
  return app;
}
