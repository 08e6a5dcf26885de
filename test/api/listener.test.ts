import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { createListener } from '#api/listener.ts';
import { createMetrics } from '#api/metrics.ts';
import { createKey } from '#db/keys.ts';
import { scaledClock } from '#domain/clock.ts';
import { freshDatabase } from '#test/support/database.ts';

const { db, pool } = await freshDatabase();
const key = await createKey(db, 'sources', 'site', new Date());
const metrics = createMetrics();
const stored: string[] = [];
const listener = createListener({
  db,
  pool,
  clock: scaledClock({ origin: 0, scale: 1 }),
  intake: {
    async submit(_, events) {
      stored.push(...events.map((event) => event.name));
    },
  },
  relay: { push: () => {} },
  log: pino({ enabled: false }),
  secret: 'secret-of-tests',
  publicUrl: 'http://gateway.test',
  links: { temporalUi: null, inbox: null },
  temporal: { healthy: async () => true },
  metrics,
});
const server: Server = createServer(listener).listen(0, '127.0.0.1');
afterAll(() => server.close());

const send = (path: string, name: string) =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, {
    method: 'POST',
    body: JSON.stringify({ userId: 'u', event: name, writeKey: key?.key }),
  });

test('calls are answered alike on the short way and on the long one, and other pages are there', async () => {
  expect((await send('/v1/track', 'short')).status).toBe(200);
  expect((await send('/v1/track/', 'slash')).status).toBe(200);
  expect((await send('/v1/track?source=web', 'query')).status).toBe(200);
  expect(stored).toEqual(['short', 'slash', 'query']);
  expect((await send('/v1/nothing', 'none')).status).toBe(404);
});

test('requests of both ways are measured', async () => {
  const counts = await metrics.registry.getSingleMetricAsString('vestnik_http_request_duration_seconds');
  expect(counts).toContain('route="/v1/track",status="200"} 3');
});
