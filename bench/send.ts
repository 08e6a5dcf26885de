import { createTransport } from 'nodemailer';
import { pino } from 'pino';
import { deliver } from '#activities/deliver.ts';
import type { ActivityDeps } from '#activities/deps.ts';
import { enter } from '#activities/enter.ts';
import type { OutgoingMessage } from '#channels/channel.ts';
import { toMail } from '#channels/email/message.ts';
import { createSmtpChannel } from '#channels/email/smtp/channel.ts';
import { smtpSettings } from '#channels/email/smtp/settings.ts';
import { byIndex, connect, createPool } from '#db/connect.ts';
import { migrate } from '#db/migrate.ts';
import { type Clock, scaledClock } from '#domain/clock.ts';
import { durationMs } from '#domain/duration.ts';
import type { DeliverRequest } from '#domain/journey.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { scratchFolder } from '#scripts/lib/scratch.ts';
import { startPostgres } from '#scripts/provision/postgres.ts';
import { seedCustomer, setUpShop, smtpSink } from './carts.ts';
import { cleaningUp, median, type Result, round2 } from './lib.ts';

/** E-mails a second of `deliver` (decide under the lock, render, submit, record), beside a loop that does nothing but hand the
 *  same letters to the same SMTP server by as many connections. */
export const name = 'send';

const connections = 5;
const atOnce = 20;
const letters = 1_500;
const rounds = 3;

export async function run(): Promise<Result[]> {
  return cleaningUp(async (defer) => {
    const { dir, remove } = await scratchFolder();
    defer(remove);
    const postgres = await startPostgres({ dataDir: dir });
    defer(() => postgres.stop());
    const pool = createPool(postgres.url, 10, byIndex);
    defer(() => pool.end());
    const db = connect(pool);
    await migrate(db);
    const clock = scaledClock({ origin: Date.now(), scale: 1 });
    await setUpShop(db, clock.now());
    const settings = smtpSettings(await smtpSink(defer), { maxConnections: connections });
    const channel = createSmtpChannel(settings);
    defer(() => channel.close());
    const seen: OutgoingMessage[] = [];
    const submit = (message: OutgoingMessage) => {
      seen.push(message);
      return channel.submit(message);
    };
    const renderer = await createRenderer();
    const log = pino({ level: 'silent' });
    const common = {
      db,
      renderer,
      publicUrl: 'https://shop.example',
      secret: 'a secret of the benchmark, long enough',
      log,
    };
    const later: Clock = { ...clock, now: () => new Date(clock.now().getTime() + durationMs('P2D')) };
    const deps: ActivityDeps = { ...common, clock: later, channels: { email: { ...channel, submit } } };
    const bare = createTransport({ ...smtpOptions(settings), pool: true, maxConnections: connections });
    defer(async () => bare.close());
    const values: number[] = [];
    const baselines: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const due = await Promise.all(Array.from({ length: letters }, () => dueCart({ ...deps, clock })));
      seen.length = 0;
      const value = await rate(due, (request) => deliver(deps, request));
      if (seen.length !== letters) throw new Error(`${seen.length} of ${letters} letters were sent`);
      const baseline = await rate([...seen], (message) => bare.sendMail(toMail(message, null)));
      // The first round warms up.
      if (round > 0) values.push(value);
      if (round > 0) baselines.push(baseline);
    }
    const [value, baseline] = [median(values), median(baselines)];
    const baselineName = 'nodemailer alone, same letters and connections';
    return [
      {
        name,
        value: Math.round(value),
        unit: 'e-mails/s',
        baseline: Math.round(baseline),
        baselineName,
        ratio: round2(value / baseline),
      },
    ];
  });
}

function smtpOptions({ host, port, secure }: ReturnType<typeof smtpSettings>) {
  return { host, port, secure, maxMessages: 1000 };
}

/** A run whose first cart message is due two days from now. */
async function dueCart(deps: ActivityDeps): Promise<DeliverRequest> {
  const at = deps.clock.now();
  const customerId = await seedCustomer(deps.db, at);
  const entry = {
    journey: 'abandonment',
    customerId,
    key: 'personal',
    triggerAt: at.toISOString(),
    time: deps.clock.time,
  };
  const answer = await enter(deps, entry);
  if (!answer.entered) throw new Error(answer.outcome);
  const { runId, next } = answer;
  return {
    runId,
    journey: 'abandonment',
    customerId,
    key: 'personal',
    ask: 1,
    block: next.block,
    iteration: 1,
    channel: 'email',
  };
}

/** Handles all of `jobs`, so many at once; jobs a second. */
async function rate<T>(jobs: readonly T[], act: (job: T) => Promise<unknown>): Promise<number> {
  const rest = [...jobs];
  const start = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let job = rest.pop(); job !== undefined; job = rest.pop()) await act(job);
    }),
  );
  return jobs.length / ((performance.now() - start) / 1000);
}

if (import.meta.main) for (const one of await run()) console.log(JSON.stringify(one));
