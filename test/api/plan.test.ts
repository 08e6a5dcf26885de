import { expect, test } from 'vitest';
import { decideContacts } from '#activities/contacts.ts';
import { newId } from '#db/ids.ts';
import { saveSettings } from '#db/settings.ts';
import { defaultPolicy } from '#domain/policy.ts';
import { defaultShop } from '#domain/shop.ts';
import { manualClock } from '#test/support/cart.ts';
import { freshDatabase } from '#test/support/database.ts';
import { plantCustomer, plantMessages } from '#test/support/messages.ts';
import { plantRuns } from './plan-support.ts';
import { testGateway } from './support.ts';

/** Monday noon in Moscow. */
const start = new Date('2026-05-04T09:00:00Z');
const hour = 3_600_000;
const later = (hours: number) => new Date(start.getTime() + hours * hour);
const clock = manualClock(start);
const database = await freshDatabase();
const { db } = database;
const { call } = await testGateway(database, { clock });
await saveSettings(db, 'shop', defaultShop, 'test', start);

/** Of the three places of a day two are taken, and two runs want the third. */
async function crowded() {
  const customer = await plantCustomer(db, start);
  await db.insertInto('profiles').values({ customer_id: customer, kind: 'personal', email: 'a@example.com' }).execute();
  await plantMessages(db, [
    { customer_id: customer, reserved_at: later(-2), journey: 'welcome', class: 'lifecycle', block: 'step-1' },
    { customer_id: customer, reserved_at: later(-1), block: 'cart-1' },
    { customer_id: customer, reserved_at: later(-24 * 20), block: 'view-1' },
  ]);
  const cart = { customer, journey: 'abandonment', class: 'abandonment', message: 'cart-still-here' } as const;
  const [welcome = '', abandonment = ''] = await plantRuns(db, [
    { customer, journey: 'welcome', class: 'lifecycle', due: later(3) },
    { ...cart, block: 'cart-2', due: later(2), heldBy: 'deferred: quiet_hours' },
  ]);
  return { customer, welcome, abandonment };
}

test('R2 the map shows what is coming, when, from which run, and what blocks what', async () => {
  const { customer, welcome, abandonment } = await crowded();
  const { body } = await call('GET', `/customers/${customer}/plan`);
  const morning = '2026-05-05T06:00:00.000Z';
  expect(body).toMatchObject({
    customerId: customer,
    at: start.toISOString(),
    zone: 'Europe/Moscow',
    zoneFrom: 'shop',
  });
  expect(body.items).toEqual([
    {
      journey: 'welcome',
      runId: welcome,
      block: 'step-1',
      message: 'hello',
      channel: 'email',
      class: 'lifecycle',
      due: later(3).toISOString(),
      until: later(51).toISOString(),
      heldBy: null,
      expectedAt: later(3).toISOString(),
      reason: null,
      words: 'The message step-1 (hello, email) is due on 4 May at 15:00.',
      blockedBy: [],
      blocks: [{ runId: abandonment, journey: 'abandonment', rule: 'three-a-day' }],
    },
    expect.objectContaining({
      runId: abandonment,
      due: later(2).toISOString(),
      heldBy: { reason: 'quiet_hours', words: 'It was quiet hours.' },
      expectedAt: morning,
      reason: 'planned:three-a-day',
      words:
        'The message cart-2 (cart-still-here, email) is due on 4 May at 14:00 and is expected on 5 May at 9:00: ' +
        'under the rule three-a-day goes first what welcome plans.',
      blockedBy: [{ runId: welcome, journey: 'welcome', rule: 'three-a-day' }],
      blocks: [],
    }),
  ]);
  const russian = (await call('GET', `/customers/${customer}/plan?lang=ru`)).body.items[1];
  expect(russian.words).toBe(
    'Сообщение cart-2 (cart-still-here, email): срок 4 мая в 14:00, ожидается 5 мая в 9:00: ' +
      'по правилу three-a-day первым идёт то, что запланировано цепочкой welcome.',
  );
});

test('what is expected is what deciding then answers', async () => {
  const { customer, abandonment } = await crowded();
  const { items } = (await call('GET', `/customers/${customer}/plan`)).body;
  const [, cart] = items;
  const request = {
    customerId: customer,
    profile: 'personal' as const,
    runId: abandonment,
    journey: 'abandonment',
    class: 'abandonment' as const,
    block: 'cart-2',
    iteration: 1,
    channel: 'email' as const,
    template: 'cart-still-here',
    flags: { kind: 'marketing' as const, obeys: true, counts: true, sale: false, quietHours: true },
    due: later(2),
    validForMs: 48 * hour,
  };
  const batch = { now: later(2), topic: 'reminders' as const, settingsVersion: 0 };
  const [answer] = await decideContacts(db, [request], batch);
  expect(answer).toMatchObject({
    decision: { decision: 'defer', reason: cart.reason, until: new Date(cart.expectedAt) },
  });
});

test('contacts that count now stand beside the rules whose places they have', async () => {
  const { customer } = await crowded();
  const { contacts, rules, sale, excludesBulk } = (await call('GET', `/customers/${customer}/plan`)).body;
  const both = { rules: ['three-a-day', 'ten-a-week'], channels: ['email'], sale: false };
  expect(contacts).toMatchObject([
    { ...both, at: later(-1).toISOString(), journey: 'abandonment', step: 'cart-1', class: 'abandonment' },
    { ...both, at: later(-2).toISOString(), journey: 'welcome', class: 'lifecycle' },
  ]);
  expect(rules).toEqual([
    { name: 'three-a-day', max: 3, window: 'P1D', clock: 'calendar', used: 2, freeAt: start.toISOString() },
    { name: 'ten-a-week', max: 10, window: 'P7D', clock: 'rolling', used: 2, freeAt: start.toISOString() },
  ]);
  expect([sale, excludesBulk]).toEqual([null, false]);
});

test('a full rule says when it has a place again, and bulk that is kept away goes not at all', async () => {
  const { customer } = await crowded();
  await plantMessages(db, [{ customer_id: customer, reserved_at: start, block: 'view-2' }]);
  await plantRuns(db, [
    { customer, journey: 'campaign', class: 'bulk', due: later(1) },
    { customer, journey: 'welcome', class: 'lifecycle', due: later(72), excludesBulk: true },
  ]);
  const { rules, items, excludesBulk } = (await call('GET', `/customers/${customer}/plan`)).body;
  expect(rules[0]).toMatchObject({ used: 3, freeAt: '2026-05-04T21:00:00.000Z' });
  expect(excludesBulk).toBe(true);
  expect(items.at(-1)).toMatchObject({
    journey: 'campaign',
    expectedAt: null,
    reason: 'policy:bulk-excluded',
    words: expect.stringContaining('will not be sent: a journey of the customer keeps bulk away'),
  });
});

test('the next channel of a cascade is no second contact', async () => {
  const customer = await plantCustomer(db, start);
  const [run = ''] = await plantRuns(db, [
    {
      customer,
      journey: 'abandonment',
      class: 'abandonment',
      block: 'cart-1',
      channel: 'sms',
      due: later(4),
      heldBy: 'then by sms, if it is still needed',
    },
    { customer, journey: 'campaign', class: 'bulk', due: later(5) },
  ]);
  await plantMessages(db, [{ customer_id: customer, run_id: run, reserved_at: later(-1), block: 'cart-1' }]);
  await saveSettings(db, 'policy', { rules: [{ ...defaultPolicy.rules[0], max: 2 }] }, 'test', start);
  const { items } = (await call('GET', `/customers/${customer}/plan`)).body;
  await saveSettings(db, 'policy', defaultPolicy, 'test', start);
  expect(items).toMatchObject([
    { channel: 'sms', expectedAt: later(4).toISOString(), heldBy: { reason: 'cascade' }, blocks: [] },
    { journey: 'campaign', expectedAt: later(5).toISOString(), blockedBy: [] },
  ]);
});

test('the customer’s own clock counts, and who was merged leads to who stays', async () => {
  const customer = await plantCustomer(db, start, { timezone: 'Asia/Vladivostok' });
  const gone = newId(start);
  await db.insertInto('customers').values({ id: gone, created_at: start, merged_into: customer }).execute();
  await plantRuns(db, [{ customer, journey: 'welcome', class: 'lifecycle', due: later(4) }]);
  const { body } = await call('GET', `/customers/${gone}/plan`);
  expect(body).toMatchObject({ customerId: customer, zone: 'Asia/Vladivostok', zoneFrom: 'profile' });
  // 23:00 there: the night is waited out.
  expect(body.items).toMatchObject([{ expectedAt: '2026-05-04T23:00:00.000Z', reason: 'quiet_hours' }]);
  expect((await call('GET', `/customers/${newId(start)}/plan`)).body.code).toBe('customer_not_found');
});
