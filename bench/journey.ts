import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { sql } from 'kysely';
import { pino } from 'pino';
import { createEmailChannel } from '#channels/email/channel.ts';
import { byIndex, connect, createPool, type Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import { migrate } from '#db/migrate.ts';
import { type Clock, scaledClock, wallDuration } from '#domain/clock.ts';
import { durationMs } from '#domain/duration.ts';
import { workflowId } from '#domain/ids.ts';
import { journeyQueue, sendQueue } from '#domain/queues.ts';
import { openConnection, temporalPort } from '#relay/temporal.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { scratchFolder } from '#scripts/lib/scratch.ts';
import { startDevServer } from '#scripts/provision/devserver.ts';
import { startPostgres } from '#scripts/provision/postgres.ts';
import { provideTemporal } from '#scripts/provision/temporal.ts';
import { startWorker } from '#worker/worker.ts';
import { seedCustomer, setUpShop, smtpSink, waits } from './carts.ts';
import { cleaningUp, type Defer, median, type Result, round2 } from './lib.ts';

/** Cart journeys of four messages a second, from the first signal to the end, beside bare workflows with the same timers
 *  and as many empty activities on the same dev server. Ours decide on PostgreSQL and send over SMTP as well. */
export const name = 'journey';

const journeys = 120;
/** More than the machine can do at once, so that work and not waiting is measured. */
const atOnce = 60;
const rounds = 3;
/** A second of waiting before each message. Like ours, a bare workflow sets no timer for what is due already. */
const scale = durationMs('P1D') / 1_000;

export function run(): Promise<Result[]> {
  return cleaningUp(async (defer) => {
    const { dir, remove } = await scratchFolder();
    defer(remove);
    return measure(dir, defer);
  });
}

async function measure(dir: string, defer: Defer) {
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
  const db = connect(pool);
  await migrate(db);
  const own = openConnection({ address: server.address });
  defer(() => own.close());
  const client = new Client({ connection: own });
  const ours = await oursOf(db, client, server.address, defer);
  const bare = await bareOf(client, server.address);
  const values: number[] = [];
  const baselines: number[] = [];
  await ours(10); // the first of everything is slower
  await bare(10);
  for (let round = 0; round < rounds; round++) {
    baselines.push(await bare(journeys));
    values.push(await ours(journeys));
  }
  const [value, baseline] = [median(values), median(baselines)];
  const baselineName = 'bare workflow, same timers, as many empty activities';
  return [
    {
      name,
      value: round2(value),
      unit: 'journeys/s',
      baseline: round2(baseline),
      baselineName,
      ratio: round2(value / baseline),
    },
  ];
}

/** Journeys a second with the real workers. */
async function oursOf(db: Db, client: Client, address: string, defer: Defer) {
  const clock = scaledClock({ origin: Date.now(), scale });
  await setUpShop(db, clock.now());
  const port = temporalPort(client, { taskQueue: journeyQueue });
  const smtp = await smtpSink(defer);
  const email = await createEmailChannel(smtp);
  defer(() => email.close());
  const activities = {
    db,
    clock,
    channels: { email },
    renderer: await createRenderer(),
    publicUrl: 'https://shop.example',
    secret: 'a secret of the benchmark, long enough',
    log: pino({ level: 'silent' }),
  };
  return async (count: number): Promise<number> => {
    const connection = await NativeConnection.connect({ address });
    const worker = await startWorker({
      connection,
      namespace: 'default',
      db,
      activities,
      journeys: port,
      log: pino({ level: 'silent' }),
      cachedWorkflows: 500,
      graceMs: 5_000,
    });
    const customers: string[] = [];
    const perSecond = await rate(count, async () => {
      const customerId = await seedCustomer(db, clock.now());
      customers.push(customerId);
      await start(port, clock, customerId);
      await client.workflow.getHandle(workflowId('abandonment', customerId, 'personal')).result();
    });
    await worker.close();
    await connection.close();
    await allSent(db, customers);
    return perSecond;
  };
}

function start(port: ReturnType<typeof temporalPort>, clock: Clock, customerId: string): Promise<void> {
  const at = clock.now().toISOString();
  return port.signalWithStart({
    workflowId: workflowId('abandonment', customerId, 'personal'),
    entry: { journey: 'abandonment', customerId, key: 'personal', triggerAt: at, time: clock.time },
    notice: { kind: 'start', reason: 'Product Added', at },
  });
}

/** A figure about journeys that did not send would be worth nothing. */
async function allSent(db: Db, customers: string[]): Promise<void> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from messages
    where customer_id = any(${customers}::uuid[]) and state = 'accepted'`.execute(db);
  if (rows[0]?.n !== customers.length * 4)
    throw new Error(`${rows[0]?.n} messages of ${customers.length * 4} were sent`);
}

async function bareOf(client: Client, address: string) {
  const timers = waits.map((wait) => Math.ceil(wallDuration(durationMs(wait), { origin: 0, scale })));
  const workflowsPath = join(import.meta.dirname, 'workflows/bare.ts');
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  return async (count: number): Promise<number> => {
    const connection = await NativeConnection.connect({ address });
    const common = { connection, activities: { nothing: async () => Date.now() } };
    const workers = await Promise.all([
      Worker.create({ ...common, taskQueue: journeyQueue, workflowBundle, maxCachedWorkflows: 500 }),
      Worker.create({ ...common, taskQueue: sendQueue('email') }),
    ]);
    const running = workers.map((worker) => worker.run());
    const perSecond = await rate(count, () =>
      client.workflow.execute('bare', {
        workflowId: newId(new Date()),
        taskQueue: journeyQueue,
        args: [timers, Date.now()],
      }),
    );
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
    await connection.close();
    return perSecond;
  };
}

/** How many a second, with `atOnce` under way. */
async function rate(count: number, one: () => Promise<unknown>): Promise<number> {
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: atOnce }, lane));
  return (count * 1000) / (performance.now() - began);
}
