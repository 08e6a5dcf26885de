import type { RequestListener } from 'node:http';
import { createApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { countingIntake, createMetrics } from './metrics.ts';
import { segmentHandlers } from './segment/router.ts';

/** The gateway's pages, with the calls of the tracking API taken before Express sees them. Those that are not spelt as
 *  clients spell them (a slash at the end, a query) go the long way, to the same answer. */
export function createListener(given: ApiDeps): RequestListener {
  const metrics = given.metrics ?? createMetrics();
  const deps = { ...given, metrics };
  const app = createApp(deps);
  const calls = segmentHandlers({ ...deps, intake: countingIntake(deps.intake, metrics) });
  return (request, response) => {
    const route = request.url ?? '';
    const handle = request.method === 'POST' ? calls.get(route) : undefined;
    if (handle === undefined) {
      app(request, response);
      return;
    }
    // Pages of the shop read the answers: `src/api/cors.ts`.
    response.setHeader('Access-Control-Allow-Origin', '*');
    const began = performance.now();
    void handle(request, response).finally(() => {
      const seconds = (performance.now() - began) / 1000;
      metrics.http.observe({ method: 'POST', route, status: response.statusCode }, seconds);
    });
  };
}
