import { type Request, type RequestHandler, Router } from 'express';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { messageCounts } from '#db/health.ts';
import { promoStock } from '#db/promo-pools.ts';
import { startsWaiting } from '#db/starts.ts';
import { liveRuns } from '#db/stats.ts';
import type { RelayCounts } from '#relay/relay.ts';
import { journeyNames } from '#workflows/catalogue.ts';
import type { ApiDeps } from './deps.ts';

/** What the gateway counts. Other rooms may be handed `registry` and register their own. Labels hold names of routes,
 *  journeys and states, never anything of a customer. */
export interface Metrics {
  registry: Registry;
  http: Histogram<'method' | 'route' | 'status'>;
  events: Counter<'result'>;
  waiting: Gauge;
}

/** With the process' own metrics, where it is the one registry of a process. */
export function createMetrics({ ofProcess = false } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (ofProcess) collectDefaultMetrics({ register: registry });
  return {
    registry,
    http: new Histogram({
      name: 'vestnik_http_request_duration_seconds',
      help: 'Time from the request to the end of its answer, by route template',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    events: new Counter({
      name: 'vestnik_events_total',
      help: 'Events given to intake, by what became of them',
      labelNames: ['result'],
      registers,
    }),
    waiting: new Gauge({ name: 'vestnik_intake_waiting', help: 'Events waiting for their commit', registers }),
  };
}

/** The database's view, asked when somebody scrapes: what all processes together have done. */
function registerStored({ registry }: Metrics, { db, clock, relay, log }: ApiDeps): void {
  const hour = 3_600_000;
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    read: (gauge: Gauge<L>) => Promise<void>,
  ) => new Gauge({ name, help, labelNames, registers: [registry], collect: orNothing(read, log) });
  gauge(
    'vestnik_messages_last_hour',
    'Messages reserved in the last hour of business time, by journey and state',
    ['journey', 'state'],
    async (messages) => {
      const counts = await messageCounts(db, journeyNames, new Date(clock.now().getTime() - hour));
      for (const { journey, state, count } of counts) messages.set({ journey, state }, count);
    },
  );
  gauge('vestnik_runs_live', 'Runs that have not ended, by journey', ['journey'], async (runs) => {
    for (const [journey, count] of await liveRuns(db)) runs.set({ journey }, count);
  });
  gauge(
    'vestnik_starts_waiting',
    'Starts of journeys that wait for their time, by journey',
    ['journey'],
    async (starts) => {
      for (const { journey, waiting } of await startsWaiting(db)) starts.set({ journey }, waiting);
    },
  );
  gauge(
    'vestnik_promo_codes_free',
    'Promo codes that can be issued, by pool and size',
    ['pool', 'size'],
    async (free) => {
      for (const one of await promoStock(db)) free.set({ pool: one.pool, size: one.size }, one.free);
    },
  );
  gauge(
    'vestnik_promo_codes_low',
    '1 where a size of a pool has fewer free codes than it is to have',
    ['pool', 'size'],
    async (low) => {
      for (const { pool, size, free, lowStock } of await promoStock(db))
        low.set({ pool, size }, free < lowStock ? 1 : 0);
    },
  );
  gauge(
    'vestnik_promo_turned_away',
    'Messages not sent for want of a promo code, ever, by pool',
    ['pool'],
    async (away) => {
      for (const { pool, turnedAway } of await promoStock(db)) away.set({ pool }, turnedAway);
    },
  );
  if (relay.counts) registerRelayed(registry, relay.counts);
  const backlog = relay.backlog?.bind(relay);
  if (!backlog) return;
  gauge('vestnik_outbox_waiting', 'Signals that Temporal has not taken yet', ['failing'], async (outbox) => {
    const { waiting, failing } = await backlog();
    outbox.set({ failing: 'no' }, waiting - failing);
    outbox.set({ failing: 'yes' }, failing);
  });
  gauge('vestnik_outbox_oldest_seconds', 'Wall time that the oldest signal has been waiting', [], async (oldest) =>
    oldest.set((await backlog()).oldestSeconds),
  );
}

/** What this process itself has relayed, at once after its commits. */
function registerRelayed(registry: Registry, counts: RelayCounts): void {
  new Counter({
    name: 'vestnik_signals_total',
    help: 'Signals that this process gave to Temporal, by what became of them; failed and refused ones are tried again',
    labelNames: ['result'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [result, count] of Object.entries(counts)) this.inc({ result }, count);
    },
  });
}

/** A scrape while the database is away still gets the process' own numbers. */
function orNothing<L extends string>(read: (gauge: Gauge<L>) => Promise<void>, log: ApiDeps['log']) {
  return async function collect(this: Gauge<L>): Promise<void> {
    this.reset();
    await read(this).catch(() => log.warn('a metric could not be read from the database'));
  };
}

/** `/metrics`, in Prometheus' text format. */
export function metricsRouter(metrics: Metrics, deps: ApiDeps): Router {
  registerStored(metrics, deps);
  const router = Router();
  router.get('/metrics', async (_request, response) => {
    response.set('Content-Type', metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return router;
}

/** Measures every request. The label is the route's template: paths hold ids and tokens. */
export function measureRequests({ http }: Metrics): RequestHandler {
  return (request, response, next) => {
    const began = performance.now();
    response.once('finish', () => {
      const seconds = (performance.now() - began) / 1000;
      http.observe({ method: request.method, route: templateOf(request), status: response.statusCode }, seconds);
    });
    next();
  };
}

/** By the time a request ends Express has forgotten where the route's router was mounted. */
function templateOf(request: Request): string {
  const path: unknown = request.route?.path;
  if (typeof path !== 'string') return 'none';
  return request.originalUrl.startsWith('/api/v1/') ? `/api/v1${path}` : path;
}

/** Intake, counted. */
export function countingIntake(intake: ApiDeps['intake'], { events, waiting }: Metrics): ApiDeps['intake'] {
  const stored = events.labels('stored');
  const failed = events.labels('failed');
  return {
    async submit(sourceId, list) {
      waiting.inc(list.length);
      try {
        await intake.submit(sourceId, list);
        stored.inc(list.length);
      } catch (error) {
        failed.inc(list.length);
        throw error;
      } finally {
        waiting.dec(list.length);
      }
    },
  };
}
