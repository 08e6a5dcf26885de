import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, WithStartWorkflowOperation } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { sql } from 'kysely';
import type pg from 'pg';
import { pino } from 'pino';
import { createEmailChannel } from '#channels/email/channel.ts';
import { byIndex, connect, createPool, type Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import { createIntake } from '#db/intake.ts';
import { createKey } from '#db/keys.ts';
import { migrate } from '#db/migrate.ts';
import { saveSettings } from '#db/settings.ts';
import { type Clock, scaledClock } from '#domain/clock.ts';
import { workflowId } from '#domain/ids.ts';
import { journeyQueue, sendQueue } from '#domain/queues.ts';
import { normalise } from '#domain/segment.ts';
import { createRelay } from '#relay/relay.ts';
import { openConnection, temporalPort } from '#relay/temporal.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { scratchFolder } from '#scripts/lib/scratch.ts';
import { startDevServer } from '#scripts/provision/devserver.ts';
import { startPostgres } from '#scripts/provision/postgres.ts';
import { provideTemporal } from '#scripts/provision/temporal.ts';
import { startWorker } from '#worker/worker.ts';
import { routing } from '#workflows/catalogue.ts';
import { seedCustomer, setUpShop, smtpSink } from './carts.ts';
import { cleaningUp, type Defer, median, type Result, round2 } from './lib.ts';

/**
 * Queues of items: two customers join, the item comes back and is offered, the holder orders it, it is sold and the other is
 * told. Operations a second (two updates and three signals an item) with all items at once, beside bare workflows on the same
 * dev server with as many updates, signals, timers and empty activities. Ours goes the whole way: events through intake and
 * relay, rows in PostgreSQL, letters over SMTP.
 */
export const name = 'reservation';

const items = 200;
const operations = 5;
const rounds = 3;

export function run(): Promise<Result[]> {
  return cleaningUp(async (defer) => {
    const { dir, remove } = await scratchFolder();
    defer(remove);
    return measure(dir, defer);
  });
}

async function measure(dir: string, defer: Defer): Promise<Result[]> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'error', forward: {} } },
  });
  const [postgres, server] = await Promise.all([
    startPostgres({ dataDir: dir }),
    startDevServer({ cli: await provideTemporal('cli'), log: join(dir, 'temporal.log') }),
  ]);
  defer(() => Promise.all([postgres.stop(), server.stop()]));
  const pool = createPool(postgres.url, 20, byIndex);
  defer(() => pool.end());
  const own = openConnection({ address: server.address });
  defer(() => own.close());
  const client = new Client({ connection: own });
  await migrate(connect(pool));
  const ours = await oursOf(pool, client, server.address, defer);
  const bare = await bareOf(client, server.address);
  const [values, baselines]: [number[], number[]] = [[], []];
  await ours(10); // the first of everything is slower
  await bare(10);
  for (let round = 0; round < rounds; round++) {
    baselines.push(await bare(items));
    values.push(await ours(items));
  }
  const [value, baseline] = [median(values), median(baselines)];
  const baselineName = 'bare workflow, as many updates, signals, timers, empty activities';
  const ratio = round2(value / baseline);
  return [{ name, value: round2(value), unit: 'operations/s', baseline: round2(baseline), baselineName, ratio }];
}

/** Operations a second, all at once. */
async function rate(count: number, one: (place: number) => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await Promise.all(Array.from({ length: count }, (_, place) => one(place)));
  return (count * operations * 1000) / (performance.now() - began);
}

async function oursOf(pool: pg.Pool, client: Client, address: string, defer: Defer) {
  const db = connect(pool);
  const clock = scaledClock({ origin: 0, scale: 1 });
  await setUpShop(db, clock.now());
  // What follows an offer is a journey of its own (J10), of which the bare workflow has nothing.
  await saveSettings(db, 'reservation-followup', { enabled: false }, 'bench', clock.now());
  const port = temporalPort(client, { taskQueue: journeyQueue });
  const log = pino({ level: 'silent' });
  const relay = createRelay({ db, port, time: clock.time, log });
  const intake = createIntake({ pool, clock, routing, onOutbox: (rows) => void relay.push(rows) });
  defer(() => intake.close());
  const source = await createKey(db, 'sources', 'bench', clock.now());
  const email = await createEmailChannel(await smtpSink(defer));
  defer(() => email.close());
  const deps = { db, clock, channels: { email }, renderer: await createRenderer(), publicUrl: 'https://shop.example' };
  const activities = { ...deps, secret: 'a secret of the benchmark, long enough', log };
  let round = 0;
  return async (count: number): Promise<number> => {
    const connection = await NativeConnection.connect({ address });
    const common = { connection, namespace: 'default', db, activities, journeys: port, log };
    const worker = await startWorker({ ...common, cachedWorkflows: 500, graceMs: 5_000 });
    const name = (place: number) => `item-${round}-${place}`;
    round += 1;
    const people = await Promise.all(
      Array.from({ length: count * 2 }, () => seedCustomer(db, clock.now()).then((id) => namedCustomer(db, clock, id))),
    );
    const watch = watching(db);
    const say = (event: string, userId: string, properties: object) =>
      intake.submit(source?.id ?? '', [eventOf(clock, { event, userId, properties })]);
    const perSecond = await rate(count, async (place) => {
      const item = name(place);
      const goods = { product_id: item };
      const [first = '', second = ''] = people.slice(place * 2);
      for (const customerId of [first, second]) await joinQueue(client, clock, item, customerId);
      await say('Item Returned', first, goods);
      await watch.until(item, 'held');
      await say('Order Completed', first, { order_id: item, products: [goods] });
      await watch.until(item, 'ordered');
      await say('Item Sold', first, goods);
      await client.workflow.getHandle(workflowId('reservation', item)).result();
    });
    await watch.close();
    await worker.close();
    await connection.close();
    await allTold(db, people);
    return perSecond;
  };
}

/** As the port asks, but patiently: all at once wait longer than a caller should. */
function joinQueue(client: Client, clock: Clock, item: string, customerId: string) {
  const triggerAt = clock.now().toISOString();
  const entry = { journey: 'reservation', customerId: '', key: item, triggerAt, time: clock.time };
  const startWorkflowOperation = new WithStartWorkflowOperation('reservation', {
    workflowId: workflowId('reservation', item),
    taskQueue: journeyQueue,
    args: [entry],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
  return client.workflow.executeUpdateWithStart('ask', { startWorkflowOperation, args: [{ do: 'join', customerId }] });
}

async function namedCustomer(db: Db, clock: Clock, id: string): Promise<string> {
  await db
    .insertInto('identities')
    .values({ kind: 'user_id', value: id, customer_id: id, since: clock.now() })
    .execute();
  return id;
}

function eventOf(clock: Clock, call: { event: string; userId: string; properties: object }) {
  const now = clock.now();
  const plain = {
    currency: 'RUB',
    ip: () => null,
    phone: (value: string) => value,
    fingerprint: (value: string) => value,
  };
  const said = { messageId: newId(now), timestamp: now.toISOString(), ...call };
  return normalise(said, 'track', { receivedAt: now, wallNow: now.getTime(), scale: 1, ...plain });
}

/** Looks at all items together, and tells those who wait for a state of one. */
function watching(db: Db) {
  const waiting = new Map<string, () => void>();
  let isOpen = true;
  const looking = (async () => {
    while (isOpen) {
      const { rows } = await sql<{ key: string }>`
        select id || ' ordered' as key from items where state = 'ordered' and id = any(${[...waiting.keys()].map((key) => key.split(' ')[0])})
        union all select item_id || ' held' from holds where until is not null and ended_at is null`.execute(db);
      for (const { key } of rows) {
        waiting.get(key)?.();
        waiting.delete(key);
      }
      // What it costs to look is no part of what is measured.
      await sleep(100);
    }
  })();
  return {
    until: (item: string, state: string) => new Promise<void>((resolve) => waiting.set(`${item} ${state}`, resolve)),
    async close() {
      isOpen = false;
      await looking;
    },
  };
}

/** A figure about queues that told nobody would be worth nothing. */
async function allTold(db: Db, people: readonly string[]): Promise<void> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from messages
    where customer_id = any(${[...people]}::uuid[]) and journey = 'reservation' and state = 'accepted'`.execute(db);
  if (rows[0]?.n !== people.length) throw new Error(`${rows[0]?.n} messages of ${people.length} were sent`);
}

async function bareOf(client: Client, address: string) {
  const workflowsPath = join(import.meta.dirname, 'workflows/bare-queue.ts');
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const waiting = new Map<string, () => void>();
  const nothing = async (id: string, point: string) => {
    waiting.get(`${id} ${point}`)?.();
  };
  const reached = (id: string, point: string) => new Promise<void>((resolve) => waiting.set(`${id} ${point}`, resolve));
  return async (count: number): Promise<number> => {
    const connection = await NativeConnection.connect({ address });
    const common = { connection, activities: { nothing } };
    const workers = await Promise.all([
      Worker.create({ ...common, taskQueue: journeyQueue, workflowBundle, maxCachedWorkflows: 500 }),
      Worker.create({ ...common, taskQueue: sendQueue('email') }),
    ]);
    const running = workers.map((worker) => worker.run());
    const perSecond = await rate(count, async () => {
      const id = newId(new Date());
      const [held, ordered] = [reached(id, 'held'), reached(id, 'ordered')];
      const handle = await client.workflow.start('bareQueue', { workflowId: id, taskQueue: journeyQueue, args: [id] });
      for (let joins = 0; joins < 2; joins++) await handle.executeUpdate('join');
      await handle.signal('news');
      await held;
      await handle.signal('news');
      await ordered;
      await handle.signal('news');
      await handle.result();
    });
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
    await connection.close();
    return perSecond;
  };
}
