import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Rudder from '@rudderstack/rudder-sdk-node';
import { Analytics } from '@segment/analytics-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKey } from '#db/keys.ts';
import { freePort } from '#scripts/provision/processes.ts';
import { freshDatabase } from '#test/support/database.ts';
import { flakyProxy } from '#test/support/flaky-proxy.ts';

/** The unmodified clients of others against `npm run gateway`, with Temporal away all the time. */

const root = join(import.meta.dirname, '../..');
const { db, url } = await freshDatabase();
await db.insertInto('business_clock').values({ origin: new Date(), scale: 1 }).execute();
const source = await createKey(db, 'sources', 'site', new Date());
const writeKey = source?.key ?? '';
const port = await freePort();
let gateway: ChildProcess;

async function startGateway(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(root, 'src/api/main.ts')], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: url,
      TEMPORAL_ADDRESS: '127.0.0.1:9',
      VESTNIK_SECRET: 'a secret of the tests, long enough to sign links with',
      VESTNIK_PUBLIC_URL: 'http://localhost',
      VESTNIK_HOST: '127.0.0.1',
      VESTNIK_PORT: String(port),
      VESTNIK_LOG_LEVEL: 'fatal',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const isUp = () =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      () => true,
      () => false,
    );
  while (!(await isUp())) await sleep(20);
  return child;
}

/** As the machine failing: nothing is finished, nothing is said. */
async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => kill(gateway));

interface Client {
  /** An event of this name. */
  track(event: string): void;
  allCalls(id: string): void;
  /** Resolves when everything was delivered or given up. */
  flush(): Promise<unknown>;
}

function segment(to: number, key = writeKey): Client {
  const analytics = new Analytics({
    writeKey: key,
    host: `http://127.0.0.1:${to}`,
    flushAt: 5,
    flushInterval: 50,
    maxRetries: 30,
  });
  analytics.on('error', () => {});
  return {
    track: (event) => analytics.track({ userId: 'u', event }),
    allCalls(id) {
      const who = { userId: id, anonymousId: `a-${id}` };
      analytics.identify({ ...who, traits: { email: `${id}@example.com` } });
      analytics.track({ ...who, event: 'Product Viewed', properties: { product_id: 'p' }, timestamp: new Date() });
      analytics.page({ ...who, name: 'Home', properties: { url: 'https://shop.example/' } });
      analytics.screen({ ...who, name: 'Home' });
      analytics.group({ ...who, groupId: 'company', traits: { name: 'Company' } });
      analytics.alias({ userId: id, previousId: `b-${id}` });
    },
    flush: () => analytics.closeAndFlush({ timeout: 25_000 }),
  };
}

function rudder(to: number, key = writeKey): Client {
  const client = new Rudder(key, {
    dataPlaneUrl: `http://127.0.0.1:${to}`,
    flushAt: 5,
    flushInterval: 50,
    // Half a minute in all: a gateway takes longer than three seconds to start where the machine is busy.
    retryCount: 300,
    axiosRetryConfig: { retryDelay: () => 100 },
    logLevel: 'none',
    errorHandler: () => {},
  });
  const sent: Promise<void>[] = [];
  const done = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    sent.push(promise);
    return () => resolve();
  };
  return {
    track: (event) => client.track({ userId: 'u', event }, done()),
    allCalls(id) {
      const who = { userId: id, anonymousId: `a-${id}` };
      client.identify({ ...who, traits: { email: `${id}@example.com` } }, done());
      client.track({ ...who, event: 'Product Viewed', properties: { product_id: 'p' }, timestamp: new Date() }, done());
      client.page({ ...who, name: 'Home', properties: { url: 'https://shop.example/' } }, done());
      client.screen({ ...who, name: 'Home' }, done());
      client.group({ ...who, groupId: 'company', traits: { name: 'Company' } }, done());
      client.alias({ userId: id, previousId: `b-${id}` }, done());
    },
    flush: () => Promise.all(sent),
  };
}

const clients = [
  ['@segment/analytics-node', segment],
  ['@rudderstack/rudder-sdk-node', rudder],
] as const;

async function storedOf(prefix: string): Promise<string[]> {
  const query = db.selectFrom('events').select('name').where('name', 'like', `${prefix}%`);
  return (await query.orderBy('name').execute()).map((row) => row.name);
}

const ids = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(4, '0')}`);

test.each(clients)('every call of %s lands once, and belongs to one customer', async (_, client) => {
  const id = randomUUID();
  const { allCalls, flush } = client(port);
  allCalls(id);
  await flush();
  const identity = await db
    .selectFrom('identities')
    .select('customer_id')
    .where('kind', '=', 'user_id')
    .where('value', '=', id)
    .executeTakeFirstOrThrow();
  const events = db.selectFrom('events').select('type').where('customer_id', '=', identity.customer_id).orderBy('type');
  expect((await events.execute()).map((row) => row.type)).toEqual([
    'alias',
    'group',
    'identify',
    'page',
    'screen',
    'track',
  ]);
});

test.each(clients)('%s sends again what it got no answer to, and each event lands once', async (name, client) => {
  const proxy = await flakyProxy(port);
  const prefix = `dropped ${name} `;
  const { track, flush } = client(proxy.port);
  proxy.dropAnswers(4);
  for (const id of ids(prefix, 30)) track(id);
  await flush();
  await proxy.close();
  expect(proxy.dropped).toBe(4);
  expect(await storedOf(prefix)).toEqual(ids(prefix, 30));
});

test.each(clients)('each event of %s lands once though the gateway is killed in between', async (name, client) => {
  const prefix = `killed ${name} `;
  const { track, flush } = client(port);
  const all = ids(prefix, 300);
  for (const id of all.slice(0, 150)) track(id);
  while ((await storedOf(prefix)).length === 0) await sleep(1);
  await kill(gateway);
  for (const id of all.slice(150)) track(id);
  gateway = await startGateway();
  await flush();
  expect(await storedOf(prefix)).toEqual(all);
});

test.each(clients)(
  '%s gives up at once with a wrong key, and does not send it again and again',
  async (name, client) => {
    const proxy = await flakyProxy(port);
    const { track, flush } = client(proxy.port, 'vsw_wrong');
    track(`wrong ${name}`);
    await flush();
    await proxy.close();
    expect(proxy.requests).toBe(1);
    expect(await storedOf('wrong')).toEqual([]);
  },
);
