import { beforeEach, expect, test } from 'vitest';
import { defaultPolicy } from '#domain/policy.ts';
import { defaultStages } from '#domain/stages.ts';
import { inSevenDays, rules } from '#presets/policies.ts';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { actionsOf, nights } from '#test/support/starts.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

// J12: orders that stop, from the order events to the inbox.

const system = await startSystem(await timeSkipping(), { only: ['at-risk'] });
const customer = customers(system);
const { days, recompute } = nights(system);
await system.stock({ id: 'paper' }, { id: 'pens' }, { id: 'chair' });
await system.call('POST', '/promo-pools', {
  name: 'at-risk',
  sizes: [
    { name: 'companies', when: [{ field: 'kind', is: ['b2b'] }], percent: 5 },
    { name: 'people', percent: 10 },
  ],
  expiry: { after: 'P17D' },
  generated: { pattern: 'BACK-??????', ahead: 20 },
});
const intervals = { atRisk: 'P5D', churning: 'P40D', lost: 'P60D', gone: 'P80D' };
const { personal, corporate } = defaultStages;
await system.put('/settings/stages', {
  personal: { ...personal, intervals },
  corporate: { ...corporate, intervals },
});
const settings = { enabled: true, promo: { pool: 'at-risk' } };

beforeEach(() => system.put('/journeys/at-risk/settings', settings));

type Profile = 'personal' | 'corporate';

const orders = (who: TestCustomer, profile: Profile = 'personal', order: object = orderOf('paper')) =>
  system.track(who.id, 'Order Completed', order, { context: { profile } });
const runsOf = ({ customerId }: TestCustomer) =>
  system.db
    .selectFrom('runs')
    .select(['key', 'outcome'])
    .where('customer_id', '=', customerId)
    .orderBy('entered_at')
    .execute();
const missed = async ({ customerId }: Pick<TestCustomer, 'customerId'>) => {
  const rows = system.db.selectFrom('not_entered').select('reason').where('customer_id', '=', customerId);
  return (await rows.where('journey', '=', 'at-risk').execute()).map(({ reason }) => reason);
};
const code = /BACK-\w{6}/;

test('J12 on entering the stage a code, after 14 days without an order that it is about to burn', async () => {
  const anna = await customer();
  await orders(anna);
  await days(5);
  expect(await anna.templates()).toEqual([]);
  await days(2);
  expect(await anna.templates()).toEqual(['promo']);
  await days(14);
  expect(await anna.templates()).toEqual(['promo', 'promo-ends']);
  const [first, second] = await anna.mails();
  expect([first?.subject, second?.subject]).toEqual([
    '10% off your next order',
    expect.stringMatching(/about to burn/),
  ]);
  expect(second?.text).toContain(code.exec(first?.text ?? '')?.[0]);
  expect(await runsOf(anna)).toEqual([
    { key: expect.stringMatching(/^personal:\d{4}-\d\d-\d\d$/), outcome: 'completed' },
  ]);
  // Start, entering, two messages, the wait between them, closing.
  expect(await actionsOf(system, anna.customerId)).toBe(6);
});

test('J12 the size of the code is that of the customer’s segment; one that has ended is not spoken of', async () => {
  const vip = { name: 'VIP', condition: { where: 'trait', name: 'vip', is: { in: [true] } } };
  expect((await system.call('POST', '/segments', vip)).status).toBe(201);
  await system.call('POST', '/promo-pools', {
    name: 'by-segment',
    sizes: [
      { name: 'vip', when: [{ field: 'segment', is: ['VIP'] }], percent: 20 },
      { name: 'all', percent: 3 },
    ],
    expiry: { after: 'P10D' },
    generated: { pattern: 'SIZED-??????', ahead: 5 },
  });
  await system.put('/journeys/at-risk/settings', { ...settings, promo: { pool: 'by-segment' } });
  const [dear, usual] = [await customer({ vip: true }), await customer()];
  for (const who of [dear, usual]) await orders(who);
  await days(7);
  const subjects = [...(await dear.mails()), ...(await usual.mails())].map(({ subject }) => subject);
  expect(subjects).toEqual(['20% off your next order', '3% off your next order']);
  // These codes end before they could be spoken of again.
  await days(15);
  expect(await dear.decisions()).toEqual(['promo send ok', 'promo-ends skip promo_expired']);
});

test('J12 an order ends it; who comes into the stage again gets another code', async () => {
  const boris = await customer();
  await orders(boris);
  await days(8);
  await orders(boris);
  await system.pass('1 hour');
  expect((await runsOf(boris)).map(({ outcome }) => outcome)).toEqual(['goal']);
  await days(22);
  expect(await boris.templates()).toEqual(['promo', 'promo', 'promo-ends']);
  const codes = (await boris.mails()).map(({ text }) => code.exec(text)?.[0]);
  expect([codes[0] === codes[1], codes[1]]).toEqual([false, codes[2]]);
  expect((await runsOf(boris)).map(({ outcome }) => outcome)).toEqual(['goal', 'completed']);
});

test('J12 a company is written to as one, and only its own orders count', async () => {
  const vera = await customer();
  await system.send('identify', {
    userId: vera.id,
    traits: { email: 'office@example.com' },
    context: { profile: 'corporate' },
  });
  await orders(vera, 'corporate');
  await days(4);
  await orders(vera, 'personal');
  await days(3);
  const [mail] = await system.inbox('office@example.com');
  expect([mail?.subject, await vera.templates()]).toEqual(['5% off your company’s next order', ['company-promo']]);
  // As a person they order: the company still does not.
  await orders(vera, 'personal');
  await system.pass('1 hour');
  expect(await runsOf(vera)).toEqual([{ key: expect.stringMatching(/^corporate:/), outcome: null }]);
  await orders(vera, 'corporate');
  await system.pass('1 hour');
  expect((await runsOf(vera)).map(({ outcome }) => outcome)).toEqual(['goal']);
});

test('J12 a code that is used is not spoken of again; its order is the goal, whoever told of it', async () => {
  const gleb = await customer();
  await orders(gleb);
  await days(7);
  const [mail] = await gleb.mails();
  const other = await customer();
  await orders(other, 'personal', { ...orderOf('pens'), coupon: code.exec(mail?.text ?? '')?.[0] });
  await days(15);
  expect(await gleb.decisions()).toEqual(['promo send ok', 'promo-ends skip promo_redeemed']);
});

test('J12 who orders before the start comes, has unsubscribed, or cannot be reached, is not started', async () => {
  const early = await customer();
  const refuses = await customer();
  await system.send('identify', { userId: 'nowhere', traits: { name: 'Nobody' } });
  const nowhere = await system.db
    .selectFrom('identities')
    .select('customer_id')
    .where('value', '=', 'nowhere')
    .executeTakeFirstOrThrow();
  for (const id of [early.id, refuses.id, 'nowhere']) await system.track(id, 'Order Completed', orderOf('paper'));
  await days(4);
  await system.pass('25 hours');
  await recompute();
  await orders(early);
  await system.track(refuses.id, 'Unsubscribed', { channel: 'email' });
  await days(2);
  expect(await missed(early)).toEqual(['stage_left']);
  expect(await missed(refuses)).toEqual(['unreachable']);
  expect(await missed({ customerId: nowhere.customer_id })).toEqual(['unreachable']);
  expect([...(await runsOf(early)), ...(await runsOf(refuses))]).toEqual([]);
});

test('J12 unsubscribing ends it at once', async () => {
  const dina = await customer();
  await orders(dina);
  await days(7);
  await system.unsubscribe((await dina.mails())[0]);
  await system.pass('1 hour');
  expect(await dina.outcome()).toBe('exited:unsubscribed');
  await days(15);
  expect(await dina.templates()).toEqual(['promo']);
});

test('J12 who leaves the stage without an order of their own hears no more of it: the intervals changed', async () => {
  const egor = await customer();
  await orders(egor);
  await days(7);
  const later = { ...intervals, atRisk: 'P30D' };
  await system.put('/settings/stages', { personal: { ...personal, intervals: later }, corporate });
  await days(16);
  await system.put('/settings/stages', {
    personal: { ...personal, intervals },
    corporate: { ...corporate, intervals },
  });
  expect(await egor.templates()).toEqual(['promo']);
  expect((await runsOf(egor)).map(({ outcome }) => outcome)).toEqual(['nothing_left']);
});

test('J12 joined to another: the one who stays is reminded of the code that was given', async () => {
  const zoya = await customer();
  await system.send('identify', { anonymousId: 'offline-card', traits: { phone: '+79160000001' } });
  await system.send('track', { anonymousId: 'offline-card', event: 'Order Completed', properties: orderOf('paper') });
  await system.send('identify', { anonymousId: 'offline-card', traits: { email: 'card@example.com' } });
  await days(7);
  const [first] = await system.inbox('card@example.com');
  expect(first?.subject).toBe('10% off your next order');
  await system.send('identify', { anonymousId: 'offline-card', userId: zoya.id });
  await days(16);
  expect((await runsOf(zoya)).map(({ outcome }) => outcome)).toEqual(['exited:merged', 'completed']);
  const all = [...(await system.inbox('card@example.com')), ...(await zoya.mails())];
  expect(all.map(({ text }) => code.exec(text)?.[0])).toEqual([
    code.exec(first?.text ?? '')?.[0],
    code.exec(first?.text ?? '')?.[0],
  ]);
});

test('J12 switched off for people, on for companies', async () => {
  await system.put('/journeys/at-risk/settings', { ...settings, branches: { b2c: { enabled: false } } });
  const ilya = await customer();
  await orders(ilya);
  await days(7);
  expect([await runsOf(ilya), await missed(ilya)]).toEqual([[], []]);
});

test('J12 one marketing message a week (R1): who is at risk as a person and as a company hears of it week after week', async () => {
  await system.put('/settings/policy', rules(inSevenDays(1)));
  const kira = await customer();
  await orders(kira);
  await orders(kira, 'corporate');
  await system.send('identify', {
    userId: kira.id,
    traits: { email: 'kira@example.com' },
    context: { profile: 'corporate' },
  });
  await days(40);
  const templates = await kira.templates();
  expect(templates.toSorted()).toEqual(['company-promo', 'company-promo-ends', 'promo', 'promo-ends']);
  const sent = await kira.acceptedAt();
  const gaps = sent.slice(1).map((at, place) => (at.getTime() - (sent[place]?.getTime() ?? 0)) / 86_400_000);
  expect(
    gaps.every((gap) => gap >= 7),
    `days between: ${gaps}`,
  ).toBe(true);
  await system.put('/settings/policy', defaultPolicy);
});
