import type { RequestListener } from 'node:http';
import { createApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { countingIntake, createMetrics } from './metrics.ts';
import { segmentHandlers } from './segment/router.ts';
import { visitAt, visitHandlers } from './tracking/visits.ts';

/** The gateway's pages, with the calls of the tracking API, opens and clicks taken before Express sees them. Those that are
 *  not spelt as clients and messages spell them (a slash at the end) go the long way, to the same answer. */
export function createListener(given: ApiDeps): RequestListener {
  const metrics = given.metrics ?? createMetrics();
  const deps = { ...given, metrics };
  const app = createApp(deps);
  const calls = segmentHandlers({ ...deps, intake: countingIntake(deps.intake, metrics) });
  const visits = visitHandlers(deps);
  return (request, response) => {
    const { method = '', url = '' } = request;
    const call = method === 'POST' ? calls.get(url) : undefined;
    const visit = method === 'GET' && url.startsWith('/t/') ? visitAt(visits, url) : null;
    if (call === undefined && visit === null) {
      app(request, response);
      return;
    }
    // Pages of the shop read the answers: `src/api/cors.ts`.
    if (call) response.setHeader('Access-Control-Allow-Origin', '*');
    const began = performance.now();
    const answered = call ? call(request, response) : visit?.handle(visit.token, request, response);
    void answered?.finally(() => {
      const seconds = (performance.now() - began) / 1000;
      metrics.http.observe({ method, route: visit?.route ?? url, status: response.statusCode }, seconds);
    });
  };
}
