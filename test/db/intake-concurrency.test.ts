import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { type Intake, Overloaded, RefusedEvents } from '#db/intake.ts';
import { type Call, testIntake } from '#test/support/intake.ts';

const { db, pool, send, event, start, sourceId, customer } = await testIntake();

/** Repeatable, so that a failure can be looked at again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const number = async (query: string) => Number((await pool.query(query)).rows[0].n);

test('two gateways and the same visitors: exactly the distinct events, one holder an identity, no deadlock', async () => {
  const next = random(7);
  const pick = (count: number) => Math.floor(next() * count);
  const names = ['Product Viewed', 'Product Added', 'Product List Viewed', 'Order Completed'];
  const calls = Array.from({ length: 1_500 }, (_, index): Call => {
    const call: Call = { messageId: `race-${index}`, anonymousId: `a${pick(40)}`, event: names[pick(4)] ?? '' };
    if (next() < 0.4) call.userId = `u${pick(25)}`;
    call.properties = { product_id: `p${pick(5)}`, category: `c${pick(3)}`, order_id: `o${pick(200)}`, total: 1 };
    if (next() < 0.2)
      return { ...call, type: 'identify', traits: { email: `e${pick(30)}@example.com`, city: `${index}` } };
    return call;
  });
  const gateways = [start(), start()];
  const work = gateways.flatMap((gateway) => {
    const mine = calls.toSorted(() => next() - 0.5);
    const batches = Array.from({ length: 150 }, () => mine.splice(0, 10));
    return batches.map((batch) => gateway.submit(sourceId, batch.map(event)));
  });
  await Promise.all(work);
  expect(await number("select count(*) as n from events where message_id like 'race-%'")).toBe(1_500);
  expect(await number("select count(distinct message_id) as n from events where message_id like 'race-%'")).toBe(1_500);
  const orphans = `select count(*) as n from events e join customers c on c.id = e.customer_id where c.merged_into is not null`;
  expect(await number(orphans)).toBe(0);
  const logins = `select count(*) as n from (select customer_id from identities where kind = 'user_id'
    group by customer_id having count(*) > 1) twice`;
  expect(await number(logins)).toBe(0);
  const strays =
    'select count(*) as n from identities i join customers c on c.id = i.customer_id where c.merged_into is not null';
  expect(await number(strays)).toBe(0);
});

test('what another transaction committed while intake waited for the customer is seen', async () => {
  await send({ type: 'identify', userId: 'raced', traits: { email: 'raced@example.com' } });
  const id = await customer('user_id', 'raced');
  const workflow = `abandonment:${id}:personal`;
  const run = {
    journey: 'abandonment',
    class: 'abandonment',
    key: 'personal',
    customer_id: id,
    settings_version: 1,
    read_seq: 0,
  };
  const at = new Date();
  await db
    .insertInto('runs')
    .values({ id: sql<string>`uuidv7()`, workflow_id: workflow, ...run, trigger_at: at, entered_at: at })
    .execute();
  let submitted: Promise<void> | undefined;
  await db.transaction().execute(async (trx) => {
    await sql`select from customers where id = ${id} for update`.execute(trx);
    submitted = send({ userId: 'raced', event: 'Product Added', properties: { product_id: 'p' } });
    await waitForLock();
    await trx
      .updateTable('runs')
      .set({ ended_at: at, outcome: 'completed' })
      .where('workflow_id', '=', workflow)
      .execute();
  });
  await submitted;
  const rows = await db.selectFrom('outbox').select('signal').where('workflow_id', '=', workflow).execute();
  expect(rows).toEqual([{ signal: 'start' }]);
});

/** Until a session of this database waits for a lock. */
async function waitForLock(): Promise<void> {
  const waiting = `select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await number(waiting)) === 0);
}

test('an event that cannot be stored takes none of its flush with it', async () => {
  const good = event({ userId: 'good', event: 'X', messageId: 'good-1' });
  // What normalising refuses up front; here it gets as far as the database.
  const bad = { ...event({ userId: 'bad', event: 'X', messageId: 'bad-1' }), name: 'a\u0000b' };
  const other = event({ userId: 'other', event: 'X', messageId: 'good-2' });
  const intake: Intake = start();
  const answer = intake.submit(sourceId, [good, bad, other]);
  await expect(answer).rejects.toBeInstanceOf(RefusedEvents);
  await expect(answer).rejects.toMatchObject({ refused: [{ index: 1 }] });
  expect(await number("select count(*) as n from events where message_id like 'good-%'")).toBe(2);
});

test('beyond what may wait, nothing is taken and it is said so', async () => {
  const intake = start();
  const one = event({ userId: 'flood', event: 'X' });
  const many = Array.from({ length: 20_001 }, () => one);
  await expect(intake.submit(sourceId, many)).rejects.toBeInstanceOf(Overloaded);
});

test('closing stores what waits', async () => {
  const intake = start();
  const calls = Array.from({ length: 500 }, (_, index) =>
    event({ userId: `c${index}`, event: 'X', messageId: `close-${index}` }),
  );
  const submitted = intake.submit(sourceId, calls);
  await intake.close();
  await submitted;
  expect(await number("select count(*) as n from events where message_id like 'close-%'")).toBe(500);
  await expect(intake.submit(sourceId, [calls[0] as never])).rejects.toBeInstanceOf(Overloaded);
});

test('an intake without events to store closes at once', async () => {
  await start().close();
});
