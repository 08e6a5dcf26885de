import { type Request, Router } from 'express';
import type { TrackingDeps } from './deps.ts';
import { visitHandlers } from './visits.ts';

/** `GET /t/o/:token.gif` and `GET /t/c/:token`: who opened a message, who followed its links. */
export function trackingRouter(deps: TrackingDeps): Router {
  const { opened, clicked } = visitHandlers(deps);
  const router = Router();
  router.get('/t/o/:token.gif', (request: Request<{ token: string }>, response) =>
    opened(request.params.token, request, response),
  );
  router.get('/t/c/:token', (request: Request<{ token: string }>, response) =>
    clicked(request.params.token, request, response),
  );
  return router;
}
