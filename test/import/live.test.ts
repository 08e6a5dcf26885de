import { expect, test } from 'vitest';
import { importing } from './support.ts';

/** What an import tells of is history: no journey hears of it, unless it is asked to (`--live`). */

const shop = await importing();
const { file, run, db } = shop;
const outbox = () => db.selectFrom('outbox').select(['journey', 'signal', 'reason']).orderBy('journey').execute();

const now = new Date().toISOString();
const orders = (name: string) =>
  file(`${name}.csv`, `order_id,customer_id,date,product_id,price\n${name},${name},${now},lamp,10\n`);

async function withRun(userId: string): Promise<void> {
  const people = file(
    `${userId}-people.csv`,
    `customer_id,email,anonymous_id\n${userId},${userId}@example.com,${userId}-browser\n`,
  );
  await run('customers', people);
  const { id } = await shop.customer(`userId=${userId}`);
  await db
    .insertInto('runs')
    .values({
      ...{ id: crypto.randomUUID(), workflow_id: `abandonment:${id}:personal`, journey: 'abandonment' },
      ...{ class: 'abandonment', key: 'personal', customer_id: id, settings_version: 1, read_seq: 0 },
      ...{ trigger_at: new Date(), entered_at: new Date(), due_at: new Date(Date.now() + 3_600_000) },
    })
    .execute();
}

test('orders, customers and unsubscribes of the past start, end and tell of nothing', async () => {
  await withRun('anna');
  await db.insertInto('items').values({ id: 'lamp', state: 'free', is_queued: true }).execute();
  expect(await run('orders', orders('anna'))).toMatchObject({ imported: 1 });
  const said = file('said.csv', `customer_id,email,advertising\nanna,anna@example.com,no\nnew,new@example.com,yes\n`);
  expect(await run('customers', said)).toMatchObject({ imported: 2 });
  expect(await outbox()).toEqual([]);
  expect(await db.selectFrom('item_news').selectAll().execute()).toEqual([]);
});

test('with --live a new order reaches the goal of a run, and the queue of its item', async () => {
  await withRun('boris');
  for (let times = 0; times < 2; times += 1) await run('orders', orders('boris'), '--live');
  expect(await outbox()).toMatchObject([
    { journey: 'abandonment', signal: 'goal', reason: 'Order Completed' },
    { journey: 'reservation', signal: 'start', reason: 'ordered' },
  ]);
});
