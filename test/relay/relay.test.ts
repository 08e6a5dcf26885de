import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { claimOutbox, deleteDelivered, outboxBacklog, putOutbox } from '#db/outbox.ts';
import { JourneysUnavailable } from '#relay/port.ts';
import { createRelay, type Relay, relayDefaults } from '#relay/relay.ts';
import { ensureSearchAttributes, temporalPort } from '#relay/temporal.ts';
import { freshDatabase } from '#test/support/database.ts';
import { devServer } from '#test/support/temporal.ts';
import { leaveBehind, notices, outbox, row, silent, time, until } from './signals.ts';

const { db, pool, url } = await freshDatabase();
const environment = await devServer();
const { client } = environment;
const port = temporalPort(client, { taskQueue: 'journeys' });

function relay(change: Partial<Parameters<typeof createRelay>[0]> = {}): Relay {
  return createRelay({ db, port, time, log: silent, ...change });
}

beforeEach(async () => {
  await db.deleteFrom('outbox').execute();
});

test('rows that were just committed are delivered at once and leave the outbox', async () => {
  const rows = await putOutbox(db, [row('at-once')]);
  await relay().push(rows);

  expect(await notices(client, 'abandonment:at-once:personal')).toEqual([
    { kind: 'start', reason: 'Product Added', at: '2026-03-01T12:00:00.000Z' },
  ]);
  expect(await outbox(db)).toEqual([]);
});

test('a started run can be read in Temporal by an engineer, and says nothing personal', async () => {
  const rows = await putOutbox(db, [row('readable')]);
  await relay().push(rows);

  const run = await client.workflow.getHandle('abandonment:readable:personal').describe();
  expect(run.type).toBe('abandonment');
  expect(run.taskQueue).toBe('journeys');
  expect(run.priority?.priorityKey).toBe(4);
  expect(await run.staticSummary()).toBe('abandonment · personal profile, started by Product Added');
  expect(await run.staticDetails()).toContain('Started by `Product Added`');
  expect(run.searchAttributes).toMatchObject({ Journey: ['abandonment'], CustomerId: [rows[0]?.customer_id] });
});

test('a second cause reaches the run that lives, a goal reaches it, and a goal for nobody is done', async () => {
  const relayed = relay();
  const customer_id = crypto.randomUUID();
  await relayed.push(await putOutbox(db, [row('twice', { customer_id })]));
  await relayed.push(await putOutbox(db, [row('twice', { customer_id, reason: 'Product Viewed' })]));
  await relayed.push(await putOutbox(db, [row('twice', { customer_id, signal: 'goal', reason: 'Order Completed' })]));
  await relayed.push(await putOutbox(db, [row('nobody', { signal: 'exit', reason: 'unsubscribed' })]));

  const told = await notices(client, 'abandonment:twice:personal');
  expect(told.map(({ kind, reason }) => [kind, reason])).toEqual([
    ['start', 'Product Added'],
    ['start', 'Product Viewed'],
    ['goal', 'Order Completed'],
  ]);
  expect(await outbox(db)).toEqual([]);
  expect(await port.describe('abandonment:nobody:personal')).toBeNull();
});

test('what a process committed before it was killed is delivered by the loop of another', async () => {
  const child = spawn(process.execPath, [`${import.meta.dirname}/commit-and-hang.ts`, url, 'killed'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await claimOutbox(db, 10)).toEqual([]);
  await pool.query(`update outbox set claimed_until = now()`);

  const other = relay({ options: { pollMs: 10 } });
  other.start();
  await until(async () => (await outbox(db)).length === 0);
  await other.close();
  expect(await notices(client, 'abandonment:killed:personal')).toHaveLength(1);
});

test('a cause that comes while its signal is being delivered is delivered too', async () => {
  const bumping = {
    ...port,
    signalWithStart: async (start: Parameters<typeof port.signalWithStart>[0]) => {
      await port.signalWithStart(start);
      if (start.notice.reason === 'Product Added') await putOutbox(db, [row('bumped', { reason: 'Product Viewed' })]);
    },
  };
  const relayed = relay({ port: bumping });
  await relayed.push(await putOutbox(db, [row('bumped')]));
  expect((await outbox(db)).map(({ seq, reason }) => [seq, reason])).toEqual([[2, 'Product Viewed']]);

  await relayed.push(await outbox(db));
  expect((await notices(client, 'abandonment:bumped:personal')).map(({ reason }) => reason)).toEqual([
    'Product Added',
    'Product Viewed',
  ]);
  expect(await outbox(db)).toEqual([]);
});

test('a delivered row whose bump has not committed yet is left alone, without waiting', async () => {
  const [first] = await putOutbox(db, [row('bumping')]);
  if (!first) throw new Error('no row');
  await db.transaction().execute(async (trx) => {
    await putOutbox(trx, [row('bumping', { reason: 'Product Viewed' })]);
    await deleteDelivered(db, [first]);
  });
  expect((await outbox(db)).map(({ seq }) => seq)).toEqual([2]);
});

test('a signal that Temporal refuses blocks nobody and stays, with what is wrong', async () => {
  const poison = row('x'.repeat(1_200));
  const others = Array.from({ length: 20 }, (_, index) => row(`behind-${index}`));
  await leaveBehind(db, [poison, ...others]);

  // A slow machine drains for longer than the first retry waits.
  const relayed = relay({ options: { firstRetryMs: 60_000 } });
  expect(await relayed.drain()).toBe(20);
  expect(relayed.counts).toEqual({ delivered: 20, failed: 0, refused: 1 });
  expect(await outbox(db)).toMatchObject([{ attempts: 1, last_error: 'RequestRefused: gRPC code 3' }]);
  expect(await outboxBacklog(db)).toMatchObject({ waiting: 1, failing: 1 });
  expect(await relayed.drain()).toBe(0);
});

test('a relay that only pushes notices by itself that Temporal is back', async () => {
  let isAway = true;
  let calls = 0;
  const flaky = {
    ...port,
    signalWithStart: async (start: Parameters<typeof port.signalWithStart>[0]) => {
      calls += 1;
      if (isAway) throw new JourneysUnavailable('gRPC code 14');
      await port.signalWithStart(start);
    },
  };
  const relayed = relay({ port: flaky, options: { concurrency: 1 } });
  // It stands still between two probes, however slow the machine.
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  await relayed.push(
    await putOutbox(
      db,
      ['a', 'b', 'c', 'd', 'e'].map((name) => row(`away-${name}`)),
    ),
  );
  expect(calls).toBe(3);
  expect(relayed.counts).toEqual({ delivered: 0, failed: 3, refused: 0 });

  isAway = false;
  await relayed.push(await putOutbox(db, [row('too-soon')]));
  expect(calls).toBe(3);
  vi.setSystemTime(Date.now() + relayDefaults.probeMs);
  await relayed.push(await putOutbox(db, [row('back')]));
  expect(relayed.counts.delivered).toBe(1);
  await relayed.push(
    await putOutbox(
      db,
      ['f', 'g'].map((name) => row(`back-${name}`)),
    ),
  );
  expect(relayed.counts.delivered).toBe(3);
});

test('two relays share 1,000 rows: each is delivered, none is left', async () => {
  const told = new Map<string, number>();
  const counting = {
    ...port,
    signalWithStart: async (start: Parameters<typeof port.signalWithStart>[0]) => {
      await port.signalWithStart(start);
      told.set(start.workflowId, (told.get(start.workflowId) ?? 0) + 1);
    },
  };
  const rows = Array.from({ length: 1_000 }, (_, index) => row(`shared-${index}`));
  await leaveBehind(db, rows);
  const [one, two] = [relay({ port: counting }), relay({ port: counting })];
  const delivered = await Promise.all([one.drain(), two.drain()]);
  expect(delivered.every((count) => count > 0)).toBe(true);
  // Rows whose claim a slow machine has let run out are due again.
  await until(async () => (await one.drain()) === 0 && (await outbox(db)).length === 0);
  expect(told.size).toBe(1_000);
});

test('search attributes that a namespace lacks are registered, by several processes at once', async () => {
  const { connection } = environment;
  const namespace = environment.namespace ?? 'default';
  const names = async () =>
    Object.keys((await connection.operatorService.listSearchAttributes({ namespace })).customAttributes);
  await connection.operatorService.removeSearchAttributes({ namespace, searchAttributes: ['CustomerId'] });
  expect(await names()).not.toContain('CustomerId');
  await Promise.all([1, 2, 3].map(() => ensureSearchAttributes(environment.connection, namespace)));
  expect(await names()).toEqual(expect.arrayContaining(['CustomerId', 'Journey']));
});
