import { setTimeout as sleep } from 'node:timers/promises';
import { postWebhook } from '#channels/outgoing-webhooks.ts';
import type { Db } from '#db/connect.ts';
import { createSealer } from '#db/seal.ts';
import {
  claimDeliveries,
  type DueDelivery,
  endDelivery,
  postponeDelivery,
  sealContext,
} from '#db/webhook-endpoints.ts';
import { told } from '#domain/told.ts';

/** All in wall time. Pauses between attempts as Standard Webhooks recommend them: some seconds, then hours; about three days. */
export const webhookDefaults = {
  pollMs: 1_000,
  batch: 20,
  /** Longer than a receiver may take to answer. */
  claimSeconds: 60,
  pausesMs: [5_000, 30_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000],
};

export interface WebhookDeps {
  db: Db;
  /** Under which endpoints' secrets are sealed. */
  secret: string;
  log: { warn(fields: object, message: string): void };
  options?: Partial<typeof webhookDefaults>;
}

/** Sends what was written with the changes that it tells of, by any number of workers at once: at least once, repeats by the same
 *  id. What nobody took in all its attempts is `dead`, and stays to be seen. */
export function createWebhooks({ db, secret, log, ...deps }: WebhookDeps) {
  const options = { ...webhookDefaults, ...deps.options };
  const sealer = createSealer(secret);
  const closing = new AbortController();
  let running: Promise<void> = Promise.resolve();

  /** Hands over all that is due; how many. */
  async function drain(): Promise<number> {
    let total = 0;
    while (!closing.signal.aborted) {
      const due = await claimDeliveries(db, options.batch, options.claimSeconds);
      if (due.length === 0) break;
      await Promise.all(due.map(deliver));
      total += due.length;
    }
    return total;
  }

  async function deliver({ id, endpointId, url, sealed, payload, attempts }: DueDelivery): Promise<void> {
    const key = sealer.open(sealed, sealContext(endpointId));
    if (key === null)
      return giveUp(id, endpointId, 'the secret of the endpoint cannot be opened: was VESTNIK_SECRET changed?');
    const answer = await postWebhook({ id, url, body: payload, secret: key }, Date.now());
    if (answer.result === 'taken') return endDelivery(db, id, 'delivered', null);
    if (answer.result === 'gone') return giveUp(id, endpointId, 'status 410: nobody is there any more');
    const pause = options.pausesMs[attempts - 1];
    if (pause === undefined) return giveUp(id, endpointId, answer.reason);
    return postponeDelivery(
      db,
      id,
      Math.max(pause * (1 + Math.random() / 10), answer.retryAfterMs ?? 0),
      answer.reason,
    );
  }

  async function giveUp(id: string, endpointId: string, reason: string): Promise<void> {
    log.warn({ endpointId, webhookId: id, reason }, 'A webhook is given up: GET /api/v1/webhook-endpoints shows it');
    await endDelivery(db, id, 'dead', reason);
  }

  async function run(): Promise<void> {
    const { signal } = closing;
    while (!signal.aborted) {
      await drain().catch((error: unknown) =>
        log.warn({ err: told(error) }, 'Webhooks could not be sent; trying again'),
      );
      await sleep(options.pollMs, undefined, { signal }).catch(() => {});
    }
  }

  return {
    drain,
    start() {
      running = run();
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}
