import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { DefaultLogger, type InjectedSinks, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { createApp } from '#api/app.ts';
import { connect, createPool } from '#db/connect.ts';
import { createIntake } from '#db/intake.ts';
import { createKey } from '#db/keys.ts';
import { migrate } from '#db/migrate.ts';
import { scaledClock } from '#domain/clock.ts';
import { workflowId } from '#domain/ids.ts';
import type { Entry, Notice } from '#domain/journey.ts';
import { createRelay } from '#relay/relay.ts';
import { openConnection, temporalPort } from '#relay/temporal.ts';
import { scratchFolder } from '#scripts/lib/scratch.ts';
import { startDevServer } from '#scripts/provision/devserver.ts';
import { startPostgres } from '#scripts/provision/postgres.ts';
import { provideTemporal } from '#scripts/provision/temporal.ts';
import { routing } from '#workflows/catalogue.ts';
import { cleaningUp, type Defer, type Result, round2 } from './lib.ts';
import type { Heard } from './workflows/listener.ts';

export const name = 'event-to-signal';

const warmUps = 50;
const samples = 400;
const atOnce = 4;
const clock = scaledClock({ origin: 0, scale: 1 });

/** From the 2xx of `POST /v1/track` to the workflow's handler, beside a bare `signalWithStart` on the same server in the
 *  same run: each pair starts one run by an event and one directly. */
export function run(): Promise<Result[]> {
  return cleaningUp(async (defer) => {
    const { dir, remove } = await scratchFolder();
    defer(remove);
    return measure(dir, defer);
  });
}

async function measure(folder: string, defer: Defer): Promise<Result[]> {
  const { client, heard } = await temporal(folder, defer);
  const { track, customerOf } = await gateway(folder, client, defer);
  const pair = async (): Promise<{ event: number; bare: number }> => {
    const user = randomUUID();
    await track('identify', { userId: user, traits: { email: `${user}@example.com` } });
    await track('track', { userId: user, event: 'Product Added', properties: { product_id: 'lamp', quantity: 1 } });
    const answered = performance.now();
    const event = (await heard(await customerOf(user))) - answered;
    const customerId = randomUUID();
    const started = performance.now();
    await startBare(client, customerId);
    return { event: Math.max(0, event), bare: (await heard(customerId)) - started };
  };
  const pairs = async (count: number) => {
    const rounds = Array.from({ length: atOnce }, async () => {
      const results = [];
      for (let index = 0; index < count / atOnce; index += 1) results.push(await pair());
      return results;
    });
    return (await Promise.all(rounds)).flat();
  };
  await pairs(warmUps);
  const results = await pairs(samples);
  return [50, 99].map((percent) => {
    const value = percentile(
      results.map(({ event }) => event),
      percent,
    );
    const baseline = percentile(
      results.map(({ bare }) => bare),
      percent,
    );
    return {
      name: `${name} p${percent}`,
      value,
      unit: 'ms',
      baseline,
      baselineName: 'bare signalWithStart, call to handler',
      ratio: round2(value / baseline),
    };
  });
}

/** A dev server in memory, and a worker whose workflows say when they hear. */
async function temporal(folder: string, defer: Defer) {
  const cli = await provideTemporal('cli');
  const server = await startDevServer({ cli, log: join(folder, 'temporal.log') });
  defer(() => server.stop());
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const connection = await NativeConnection.connect({ address: server.address });
  defer(() => connection.close());
  const times = new Map<string, number>();
  const waiting = new Map<string, (at: number) => void>();
  const sinks: InjectedSinks<Heard> = {
    bench: {
      heard: {
        fn: (_info, customerId) => {
          const at = performance.now();
          times.set(customerId, at);
          waiting.get(customerId)?.(at);
        },
        callDuringReplay: false,
      },
    },
  };
  const workflowsPath = join(import.meta.dirname, 'workflows/listener.ts');
  const worker = await Worker.create({
    connection,
    taskQueue: 'journeys',
    workflowsPath,
    sinks,
    maxCachedWorkflows: 2_000,
  });
  const running = worker.run();
  defer(async () => {
    worker.shutdown();
    await running;
  });
  const own = openConnection({ address: server.address });
  defer(() => own.close());
  const heard = (customerId: string) =>
    new Promise<number>((resolve) => {
      waiting.set(customerId, resolve);
      const at = times.get(customerId);
      if (at !== undefined) resolve(at);
    });
  return { client: new Client({ connection: own }), heard };
}

/** The real gateway on a PostgreSQL of its own. */
async function gateway(folder: string, client: Client, defer: Defer) {
  const postgres = await startPostgres({ dataDir: folder });
  defer(() => postgres.stop());
  const pool = createPool(postgres.url);
  defer(() => pool.end());
  const db = connect(pool);
  await migrate(db);
  const log = pino({ level: 'silent' });
  const relay = createRelay({ db, port: temporalPort(client, { taskQueue: 'journeys' }), time: clock.time, log });
  defer(() => relay.close());
  const intake = createIntake({ pool, clock, routing, onOutbox: (rows) => void relay.push(rows) });
  defer(() => intake.close());
  const links = { temporalUi: null, inbox: null };
  const outside = {
    secret: randomUUID(),
    publicUrl: 'http://127.0.0.1',
    links,
    temporal: { healthy: async () => true },
  };
  const server = createServer(createApp({ db, pool, clock, intake, relay, log, ...outside })).listen(0, '127.0.0.1');
  await once(server, 'listening');
  defer(async () => {
    server.closeAllConnections();
    server.close();
  });
  const source = await createKey(db, 'sources', 'bench', clock.now());
  const authorization = `Basic ${Buffer.from(`${source?.key}:`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return {
    async track(call: string, body: object): Promise<void> {
      const response = await fetch(`${url}/${call}`, { method: 'POST', headers, body: JSON.stringify(body) });
      if (response.status !== 200) throw new Error(`${call} was answered ${response.status}: ${await response.text()}`);
    },
    async customerOf(user: string): Promise<string> {
      const query = db
        .selectFrom('identities')
        .select('customer_id')
        .where('kind', '=', 'user_id')
        .where('value', '=', user);
      return (await query.executeTakeFirstOrThrow()).customer_id;
    },
  };
}

async function startBare(client: Client, customerId: string): Promise<void> {
  const at = clock.now().toISOString();
  const entry: Entry = { journey: 'abandonment', customerId, key: 'personal', triggerAt: at, time: clock.time };
  const notice: Notice = { kind: 'start', reason: 'Product Added', at };
  await client.workflow.signalWithStart<(entry: Entry) => Promise<void>, [Notice]>('abandonment', {
    workflowId: workflowId('abandonment', customerId, 'personal'),
    taskQueue: 'journeys',
    args: [entry],
    signal: notice.kind,
    signalArgs: [notice],
  });
}

function percentile(values: number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round2(sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0);
}
