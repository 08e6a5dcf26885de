import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { customers } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { createHousekeeping } from '#worker/housekeeping.ts';

const system = await startSystem(await timeSkipping());
const customer = customers(system);
const warned: string[] = [];
const housekeeping = createHousekeeping({
  db: system.db,
  clock: system.clock,
  journeys: system.port,
  relay: system.relay,
  log: { warn: (_, message) => warned.push(message) },
});
await system.stock({ id: 'lamp' });

test('a run whose workflow is gone is started again and goes on where it stood', async () => {
  const anna = await customer();
  await system.track(anna.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  await system.port.terminate(workflowId('abandonment', anna.customerId, 'personal'), 'by a test');
  await system.pass('6 hours');
  expect(await anna.templates()).toEqual(['cart-reminder']);
  await system.refresh();
  await housekeeping.once();
  await system.pass('6 days');
  // The second message came so late that it was dropped or sent by its `validFor`; none was sent twice.
  expect(await anna.templates()).toEqual(['cart-reminder', 'cart-still-here', 'cart-questions', 'cart-last-call']);
  expect(await anna.outcome()).toBe('completed');
  expect(warned).toHaveLength(1);
});

test('a run whose workflow is alive is left alone, however late', async () => {
  const boris = await customer();
  await system.track(boris.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  await sql`update runs set due_at = ${new Date(0)} where customer_id = ${boris.customerId}`.execute(system.db);
  warned.length = 0;
  await housekeeping.once();
  expect(warned).toEqual([]);
});

test('de-duplication keys are forgotten after two weeks', async () => {
  const left = async () =>
    Number((await sql<{ n: number }>`select count(*) as n from event_keys`.execute(system.db)).rows[0]?.n);
  const before = await left();
  await sql`insert into event_keys (hash, seen_at) values ('\\x00112233445566778899aabbccddeeff', now() - interval '15 days')`.execute(
    system.db,
  );
  await housekeeping.once();
  expect(await left()).toBe(before);
});
