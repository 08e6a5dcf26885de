import { expect, test } from 'vitest';
import { newId } from '#db/ids.ts';
import type { ContactClass } from '#domain/journey.ts';
import { presets } from '#presets/presets.ts';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { spreadItems } from '#test/support/item-events.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

/** Many journeys, one voice (R1, R2), from events over HTTP to what came out. */

const system = await startSystem(await timeSkipping());
const customer = customers(system);
const { spread } = spreadItems(system);
await system.stock({ id: 'lamp' }, { id: 'chair' });
const hour = 3_600_000;
const oneCartMessage = {
  cart: { idle: 'PT30M', steps: [{ message: 'cart-reminder', after: 'PT0S', validFor: 'P2D' }] },
};
const policy = (name: string) => system.put('/settings/policy', presets[name]?.policy ?? expect.unreachable());

/** A run of another journey that waits to send something. */
async function planned(who: TestCustomer, of: ContactClass, dueIn: number): Promise<void> {
  await system.refresh();
  const now = system.clock.now();
  const due = new Date(now.getTime() + dueIn);
  const plan = {
    message: 'm',
    channel: 'email',
    until: due.getTime() + 24 * hour,
    obeys: true,
    counts: true,
    sale: false,
  };
  const times = { trigger_at: now, entered_at: now, read_seq: 0, settings_version: 0, due_at: due };
  const run = { id: newId(now), workflow_id: `planned:${newId(now)}`, journey: 'lifecycle', class: of, key: '' };
  await system.db
    .insertInto('runs')
    .values({ ...run, ...times, customer_id: who.customerId, block: 'news', plan: JSON.stringify(plan) })
    .execute();
}

test('R1 Komus: one marketing message a week, however many carts are left', async () => {
  await policy('komus');
  await system.settings({ branches: oneCartMessage, repeatAfter: 'PT1H' });
  const anna = await customer();
  for (const product of ['lamp', 'chair', 'lamp', 'chair', 'lamp', 'chair', 'lamp']) {
    await system.track(anna.id, 'Product Added', { product_id: product });
    await system.pass('20 hours');
    await system.track(anna.id, 'Order Completed', orderOf(product));
    await system.pass('4 hours');
  }
  expect(await anna.mails()).toHaveLength(1);
  expect((await anna.decisions()).filter((one) => one.includes('policy:1-in-7-days')).length).toBeGreaterThan(1);
  await system.track(anna.id, 'Product Added', { product_id: 'chair' });
  await system.pass('1 day');
  expect(await anna.mails()).toHaveLength(2);
});

test('R1 Second Friend Store: three a day, ten in seven days', async () => {
  await policy('second-friend-store');
  await system.settings({ branches: oneCartMessage, repeatAfter: 'PT0S' });
  const boris = await customer();
  for (let index = 0; index < 28; index++) {
    await system.track(boris.id, 'Product Added', { product_id: index % 2 ? 'lamp' : 'chair' });
    await system.pass('1 hour');
    await system.track(boris.id, 'Order Completed', orderOf('lamp', 'chair'));
    await system.pass('5 hours');
  }
  const times = await boris.acceptedAt();
  for (const one of times) {
    const week = times.filter((other) => other <= one && one.getTime() - other.getTime() < 7 * 24 * hour);
    expect(week.length).toBeLessThanOrEqual(10);
  }
  expect(times.length).toBe(10);
});

test('R1 a planned contact of a higher class keeps its slot; one of a lower class keeps none', async () => {
  await policy('komus');
  await system.settings({ branches: oneCartMessage });
  const [vera, gleb] = [await customer(), await customer()];
  await planned(vera, 'lifecycle', 48 * hour);
  await planned(gleb, 'bulk', 48 * hour);
  for (const who of [vera, gleb]) await system.track(who.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('3 days');
  expect(await vera.mails()).toEqual([]);
  expect(await vera.decisions()).toEqual(['cart-1 drop expired:planned:1-in-7-days']);
  expect(await gleb.mails()).toHaveLength(1);
});

/** What the customer waits for is back, and those who wait are found. */
async function back(who: TestCustomer, product_id: string): Promise<void> {
  await system.stock({ id: product_id, stock: 0 });
  await system.track(who.id, 'Back In Stock Requested', { product_id });
  await system.refresh();
  await system.stock({ id: product_id });
  await spread();
}

test('R1 Komus: an item event goes before an abandoned cart that is due sooner, and after lifecycle', async () => {
  await policy('komus');
  await system.settings({ branches: oneCartMessage });
  const [inna, kim] = [await customer(), await customer()];
  await system.track(inna.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('10 minutes');
  await back(inna, 'vase');
  await planned(kim, 'lifecycle', 2 * hour);
  await back(kim, 'jug');
  await system.pass('4 days');
  expect(await inna.templates()).toEqual(['back-in-stock']);
  expect(await inna.decisions()).toContain('cart-1 drop expired:planned:1-in-7-days');
  expect(await kim.templates()).toEqual([]);
  expect(await kim.decisions()).toEqual(['news drop expired:planned:1-in-7-days']);
});

test('R2 a goal frees the slot that was planned, at once', async () => {
  await policy('komus');
  await system.settings({ branches: { cart: { ...oneCartMessage.cart, idle: 'PT6H' } } });
  const dina = await customer();
  const corporate = { context: { profile: 'corporate' } };
  await system.send('identify', { userId: dina.id, traits: { email: `firm-${dina.email}` }, ...corporate });
  await system.track(dina.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  await system.track(dina.id, 'Product Added', { product_id: 'chair' }, corporate);
  // Entering is an activity: it is done when time has passed.
  await system.pass('1 minute');
  const plans = () =>
    system.db
      .selectFrom('runs')
      .select(['key', 'plan'])
      .where('customer_id', '=', dina.customerId)
      .orderBy('key')
      .execute();
  expect(await plans()).toMatchObject([
    { key: 'corporate', plan: { message: 'cart-reminder' } },
    { key: 'personal', plan: { message: 'cart-reminder' } },
  ]);
  await system.track(dina.id, 'Order Completed', orderOf('lamp'));
  expect(await plans()).toMatchObject([
    { key: 'corporate', plan: { message: 'cart-reminder' } },
    { key: 'personal', plan: null },
  ]);
  await system.pass('1 day');
  expect(await dina.mails()).toEqual([]);
  expect(await system.inbox(`firm-${dina.email}`)).toHaveLength(1);
});

test('R5 a wait of a day ends at the hour at which this customer opens', async () => {
  await policy('default');
  await system.settings({
    branches: {
      cart: {
        idle: 'PT30M',
        steps: [
          { message: 'cart-reminder', after: 'PT0S' },
          { message: 'cart-questions', after: 'P1D' },
        ],
      },
    },
  });
  const egor = await customer({ timezone: 'Asia/Vladivostok' });
  await system.refresh();
  const now = system.clock.now();
  const evening = new Date(new Date(now.getTime() - 48 * hour).setUTCHours(9, 20)); // 19:20 in Vladivostok
  const rows = Array.from({ length: 5 }, (_, index) => ({
    id: newId(now),
    customer_id: egor.customerId,
    ...{
      journey: 'abandonment',
      block: `old-${index}`,
      channel: 'email',
      template: 'view',
      locale: 'en',
      class: 'abandonment',
    },
    ...{
      kind: 'marketing',
      counts: false,
      state: 'delivered',
      settings_version: 0,
      due_at: evening,
      reserved_at: evening,
    },
    ...{ accepted_at: evening, opened_at: evening, opened_by: 'human' },
  }));
  await system.db.insertInto('messages').values(rows).execute();
  await system.track(egor.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('3 days');
  const [, , , , , first, second] = await egor.acceptedAt();
  expect(first?.getTime()).toBeLessThan(now.getTime() + hour);
  expect(second?.getUTCHours()).toBe(9);
});
