import { type RequestHandler, Router } from 'express';
import { pingDatabase } from '#db/health.ts';
import type { ApiDeps } from './deps.ts';

/** Wall time that a part has to answer. */
const patienceMs = 2_000;

interface Part {
  ok: boolean;
  ms: number;
  /** What to do, where it is not well. */
  next?: string;
}

type HealthDeps = Pick<ApiDeps, 'db' | 'temporal' | 'stopping'>;

/** `/healthz`: the process is up. `/readyz`: so are the database and Temporal. `/readyz/intake`: all that taking events
 *  needs, which is the database alone, so that a load balancer keeps sending them while Temporal is away. */
export function healthRouter(deps: HealthDeps): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ status: 'ok' });
  });
  router.get('/readyz', ready(deps, { database: () => database(deps), temporal: () => temporal(deps) }));
  router.get('/readyz/intake', ready(deps, { database: () => database(deps) }));
  return router;
}

function ready({ stopping }: HealthDeps, parts: Record<string, () => Promise<Part>>): RequestHandler {
  return async (_request, response) => {
    const answers = await Promise.all(
      Object.entries(parts).map(async ([name, check]) => [name, await check()] as const),
    );
    const isStopping = stopping?.aborted === true;
    const isReady = !isStopping && answers.every(([, part]) => part.ok);
    response
      .status(isReady ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({
        status: isStopping ? 'stopping' : isReady ? 'ready' : 'not_ready',
        ...(isStopping && { next: 'This process is shutting down: send requests to another one.' }),
        parts: Object.fromEntries(answers),
      });
  };
}

function database({ db }: HealthDeps): Promise<Part> {
  return check(
    () => pingDatabase(db).then(() => true),
    'PostgreSQL does not answer: see that it runs and that the address, user and password of the database are right.',
  );
}

function temporal({ temporal }: HealthDeps): Promise<Part> {
  return check(
    () => temporal.healthy(),
    'Temporal does not answer: see that it runs and that its address and namespace are right. Events are still taken and wait.',
  );
}

async function check(ask: () => Promise<boolean>, next: string): Promise<Part> {
  const began = performance.now();
  const ok = await withinPatience(ask().catch(() => false));
  const ms = Math.round(performance.now() - began);
  return ok ? { ok, ms } : { ok, ms, next };
}

function withinPatience(answer: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
