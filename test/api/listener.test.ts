import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { createListener } from '#api/listener.ts';
import { createMetrics } from '#api/metrics.ts';
import { createKey } from '#db/keys.ts';
import { scaledClock } from '#domain/clock.ts';
import { messageToken } from '#rendering/tokens.ts';
import { freshDatabase } from '#test/support/database.ts';
import { eventsOf, newCustomer, newMessage } from './tracking/support.ts';

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

test('opens and clicks are answered alike on both ways: the picture, where the link leads, a page for what is no link', async () => {
  const { id } = await newMessage(db, await newCustomer(db), { links: ['https://shop.example/cart'] });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = (path: string, method = 'GET') => fetch(base + path, { method, redirect: 'manual' });
  const [open, click] = [messageToken('secret-of-tests', id, 'o'), messageToken('secret-of-tests', id, 'c')];
  for (const path of [`/t/o/${open}.gif`, `/t/o/${open}.gif?again=1`, `/T/o/${open}.gif`]) {
    const answer = await get(path);
    expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 200, 'image/gif']);
  }
  for (const path of [`/t/c/${click}`, `/t/c/${click}?url=https://evil.example`, `/t/c/${click}/`]) {
    const answer = await get(path);
    expect([path, answer.status, answer.headers.get('location')]).toEqual([path, 302, 'https://shop.example/cart']);
  }
  expect((await get('/t/c/rubbish')).status).toBe(404);
  expect((await get(`/t/c/${click}`, 'HEAD')).status).toBe(302);
  expect(await eventsOf(db, id)).toHaveLength(6);
  const counts = await metrics.registry.getSingleMetricAsString('vestnik_http_request_duration_seconds');
  expect(counts).toContain('method="GET",route="/t/c/:token",status="302"} 3');
});

test('requests of both ways are measured', async () => {
  const counts = await metrics.registry.getSingleMetricAsString('vestnik_http_request_duration_seconds');
  expect(counts).toContain('route="/v1/track",status="200"} 3');
});
