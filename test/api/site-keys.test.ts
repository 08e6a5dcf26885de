import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { type Gateway, type GatewayDeps, startGateway } from '#api/gateway.ts';
import { noVapidKeys, vapidKeysOf } from '#channels/web_push/keys.ts';
import { scaledClock } from '#domain/clock.ts';
import type { JourneyPort } from '#relay/port.ts';
import { freshDatabase } from '#test/support/database.ts';

const { db, pool } = await freshDatabase();
const gateways: Gateway[] = [];
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.close()));
});

/** Gateways of one shop; nothing here gets as far as Temporal. */
async function start(more: Partial<GatewayDeps> = {}) {
  const warnings: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void warnings.push(JSON.parse(line).msg) });
  const gateway = await startGateway({
    db,
    pool,
    clock: scaledClock({ origin: 0, scale: 1 }),
    journeys: {} as JourneyPort,
    temporal: { healthy: async () => true },
    log,
    secret: 'the secret of these gateways, long enough',
    publicUrl: 'http://gateway.test',
    links: { temporalUi: null, inbox: null },
    host: '127.0.0.1',
    port: 0,
    ...more,
  });
  gateways.push(gateway);
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/site/v1/push/key`);
  const { publicKey } = (await answer.json()) as { publicKey?: string };
  return { status: answer.status, key: publicKey, warnings };
}

test('gateways that start at once make one pair of keys, and the next start keeps it', async () => {
  const [first, second] = await Promise.all([start(), start()]);
  expect(first.key).toMatch(/^B[\w-]{86}$/);
  expect(second.key).toBe(first.key);
  expect((await start()).key).toBe(first.key);
});

test('under another secret web push is off, all else goes on, and the log says what to do', async () => {
  const { status, warnings } = await start({ secret: 'another secret, which opens nothing of before' });
  expect(status).toBe(503);
  expect(warnings[0]).toBe(noVapidKeys);
});

test('a key that was brought along is used in place of the one that is kept', async () => {
  const vapidPrivateKey = 'Dt1CLgQlkiaA-tmCkATyKZeoF1-Gtw1-gdEP6pOCqj4';
  const { key } = await start({ vapidPrivateKey });
  expect(key).toBe(vapidKeysOf(vapidPrivateKey)?.publicKey);
  expect(key).not.toBe((await start()).key);
});
