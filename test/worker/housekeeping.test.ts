import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { readHabits } from '#db/habits.ts';
import { workflowId } from '#domain/ids.ts';
import { customers, orderOf } from '#test/support/customers.ts';
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

test('a run without a workflow ends also when its customer was joined to another meanwhile', async () => {
  const known = await customer();
  const anonymousId = 'visitor';
  const track = { anonymousId, event: 'Product Added', properties: { product_id: 'lamp' } };
  await system.send('identify', { anonymousId, traits: { email: 'visitor@example.com' } });
  await system.send('track', track);
  await system.pass('1 hour');
  const runs = system.db.selectFrom('runs').select(['workflow_id', 'outcome']);
  const { workflow_id } = await runs.orderBy('entered_at', 'desc').executeTakeFirstOrThrow();
  await system.port.terminate(workflow_id, 'by a test');
  await system.send('identify', { anonymousId, userId: known.id });
  await system.pass('6 hours');
  await system.refresh();
  await housekeeping.once();
  await system.pass('1 hour');
  expect(await runs.where('workflow_id', '=', workflow_id).execute()).toMatchObject([{ outcome: 'exited:merged' }]);
});

test('a run that stood between two waits is found too', async () => {
  const vera = await customer();
  await system.track(vera.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  await system.port.terminate(workflowId('abandonment', vera.customerId, 'personal'), 'by a test');
  await sql`update runs set due_at = null, block = null where customer_id = ${vera.customerId}`.execute(system.db);
  await housekeeping.once();
  await system.pass('6 days');
  expect(await vera.outcome()).toBe('completed');
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

test('webhooks of ours are forgotten a month after they ended, those that wait never', async () => {
  const { body } = await system.call('POST', '/webhook-endpoints', { url: 'https://shop.example/hooks' });
  await sql`
    insert into webhook_deliveries (id, endpoint_id, event, payload, at, state, ended_at, created_at)
    select gen_random_uuid(), ${body.id}, name, '{}', ${system.clock.now()}, state, now() - ended, now() - interval '60 days'
    from (values ('old', 'delivered', interval '31 days'), ('given up', 'dead', interval '31 days'),
      ('new', 'delivered', interval '29 days'), ('waiting', 'waiting', null)) as one (name, state, ended)`.execute(
    system.db,
  );
  await housekeeping.once();
  const left = await system.db.selectFrom('webhook_deliveries').select('event').orderBy('event').execute();
  expect(left.map(({ event }) => event)).toEqual(['new', 'waiting']);
});

test("everybody's habits are learnt anew once an hour", async () => {
  const learnt = async (pass: string) => {
    await system.pass(pass);
    await system.refresh();
    const before = system.clock.now();
    await housekeeping.once();
    const { computedAt } = await readHabits(system.db);
    return computedAt !== null && computedAt >= before;
  };
  expect(await learnt('2 hours')).toBe(true);
  expect(await learnt('30 minutes')).toBe(false);
  expect(await learnt('31 minutes')).toBe(true);
});

test('P5 a segment is brought up to date once an hour: who orders enters it', async () => {
  const buyer = await customer();
  const condition = { where: 'metric', metric: 'orders', is: { gte: 1 } };
  const { body: segment } = await system.call('POST', '/segments', { name: 'buyers', condition });
  const isMember = async (pass: string) => {
    await system.pass(pass);
    await system.refresh();
    await housekeeping.once();
    const { body } = await system.call('GET', `/segments/${segment.id}/members`);
    return body.items.some(({ customerId }: { customerId: string }) => customerId === buyer.customerId);
  };
  await system.track(buyer.id, 'Order Completed', orderOf('lamp'));
  expect(await isMember('30 minutes')).toBe(false);
  expect(await isMember('31 minutes')).toBe(true);
});

test('R8 a pool of promo codes that runs low is told of once', async () => {
  const sizes = [{ percent: 10 }];
  await system.call('POST', '/promo-pools', { name: 'running-low', sizes, expiry: { after: 'P7D' }, lowStock: 5 });
  const told = () => warned.filter((line) => line.includes('promo codes runs low')).length;
  const before = told();
  await housekeeping.once();
  await housekeeping.once();
  expect(told() - before).toBe(1);
});
