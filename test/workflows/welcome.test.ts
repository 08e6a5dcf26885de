import { expect, test } from 'vitest';
import { decideContacts } from '#activities/contacts.ts';
import { newId } from '#db/ids.ts';
import { checkInvariants } from '#db/invariants.ts';
import { createPromoPool } from '#db/promo-pools.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { plantMessages } from '#test/support/messages.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

/** The welcome journey (J1, J2), from events over HTTP to what came out. */

const system = await startSystem(await timeSkipping());
const customer = customers(system);
const hour = 3_600_000;
const day = 24 * hour;
const settings = (value: object) => system.put('/journeys/welcome/settings', value);
await system.put('/journeys/abandonment/settings', { enabled: false });
await system.stock({ id: 'lamp' }, { id: 'rug', category: 'Rugs' }, { id: 'chair' });
await createPromoPool(
  system.db,
  {
    name: 'welcome',
    sizes: [{ name: 'all', when: [], percent: 10 }],
    expiry: { after: 'P5D' },
    lowStock: 0,
    generated: { pattern: 'HELLO-??????', ahead: 50, most: null },
  },
  system.clock.now(),
);
await settings({ promo: { pool: 'welcome' } });

const forPeople = ['how-it-works', 'first-order', 'originals', 'try-on', 'novelties', 'how-to-order'];
const forCompanies = [
  'company-papers',
  'company-range',
  'company-delivery',
  'company-manager',
  'company-lists',
  'company-terms',
];
const teaching = forPeople.filter((message) => !['first-order', 'how-to-order'].includes(message));
const gaps = (at: Date[]) => at.slice(1).map((one, index) => one.getTime() - (at[index]?.getTime() ?? 0));
const missed = async (customerId: string) =>
  (
    await system.db
      .selectFrom('not_entered')
      .select('reason')
      .where('customer_id', '=', customerId)
      .where('journey', '=', 'welcome')
      .orderBy('last_at')
      .execute()
  ).map(({ reason }) => reason);

test('J1 six messages, one a day, each another answer; a code, and a word before it ends', async () => {
  const anna = await customer({ firstName: 'Anna' });
  await system.track(anna.id, 'Signed Up');
  await system.pass('7 days');
  expect(await anna.templates()).toEqual(forPeople);
  for (const gap of gaps(await anna.acceptedAt())) expect(Math.abs(gap - day)).toBeLessThan(hour);
  expect(await anna.outcome()).toBe('completed');
  const mails = await anna.mails();
  const codes = mails.map(({ text }) => /HELLO-\w{6}/.exec(text)?.[0] ?? null);
  const [, code] = codes;
  expect(code).toMatch(/^HELLO-/);
  expect(codes).toEqual([null, code, null, null, null, code]);
  expect(mails[5]?.subject).toMatch(/^Your 10% code ends on /);
  // Goods in the two that show some.
  expect(mails.map(({ text }) => text.includes('Product lamp'))).toEqual([false, true, false, false, true, false]);
});

test('J1 at the hour at which the customer usually opens; the first at once', async () => {
  const boris = await customer({ timezone: 'Asia/Vladivostok' });
  await system.refresh();
  const now = system.clock.now();
  const evening = new Date(new Date(now.getTime() - 2 * day).setUTCHours(9, 20)); // 19:20 in Vladivostok
  await plantMessages(
    system.db,
    Array.from({ length: 5 }, (_, index) => ({
      customer_id: boris.customerId,
      reserved_at: evening,
      block: `old-${index}`,
      counts: false,
      state: 'delivered',
      opened_at: evening,
      opened_by: 'human',
    })),
  );
  await system.track(boris.id, 'Signed Up');
  await system.pass('7 days');
  const [first, ...others] = (await boris.acceptedAt()).slice(5);
  expect(first?.getTime()).toBeLessThan(now.getTime() + hour);
  expect(others.map((at) => at.getUTCHours())).toEqual([9, 9, 9, 9, 9]);
});

test('J1 the first order ends what sells, and what teaches goes on', async () => {
  const vera = await customer();
  await system.track(vera.id, 'Signed Up');
  await system.pass('1 hour');
  await system.track(vera.id, 'Order Completed', orderOf('lamp'));
  await system.pass('7 days');
  expect(await vera.templates()).toEqual(teaching);
  expect(await vera.outcome()).toBe('goal');
  const blocks = system.db.selectFrom('run_blocks').select(['block', 'result', 'reason']);
  const left = await blocks
    .where('run_id', 'in', system.db.selectFrom('runs').select('id').where('customer_id', '=', vera.customerId))
    .where('block', '=', 'first-order')
    .execute();
  expect(left).toEqual([{ block: 'first-order', result: 'passed', reason: 'goal' }]);
});

test('J1 an order that is given back sells again: what was passed over is said, and the run waits on where it did', async () => {
  const dina = await customer();
  await system.track(dina.id, 'Signed Up');
  await system.pass('1 hour');
  await system.track(dina.id, 'Order Completed', { ...orderOf('lamp'), order_id: 'given-back' });
  await system.pass('24 hours');
  await system.track(dina.id, 'Order Refunded', { order_id: 'given-back' });
  await system.pass('1 day');
  expect(await dina.templates()).toEqual(['how-it-works', 'originals', 'first-order']);
  const broken = await checkInvariants(system.db, { now: system.clock.now() });
  expect(broken.filter(({ invariant }) => invariant === 'a run waits in one block')).toEqual([]);
  await system.pass('7 days');
  expect((await dina.templates()).slice(3)).toEqual(['try-on', 'novelties', 'how-to-order']);
});

test('J1 … or ends with it, where the shop wants it so; and what sells is for the shop to say', async () => {
  await settings({ afterOrder: 'end' });
  const gleb = await customer();
  await system.track(gleb.id, 'Signed Up');
  await system.pass('25 hours');
  await system.track(gleb.id, 'Order Completed', orderOf('lamp'));
  await system.pass('7 days');
  expect(await gleb.templates()).toEqual(['how-it-works', 'first-order']);
  expect(await gleb.outcome()).toBe('goal');
  const step = (message: string, part: string, after = 'P1D') => ({ message, part, after });
  await settings({
    branches: {
      b2c: [step('how-it-works', 'teaching', 'PT0S'), step('originals', 'selling'), step('first-order', 'teaching')],
    },
  });
  const dina = await customer();
  await system.track(dina.id, 'Signed Up');
  await system.pass('1 hour');
  await system.track(dina.id, 'Order Completed', orderOf('rug'));
  await system.pass('7 days');
  expect(await dina.templates()).toEqual(['how-it-works', 'first-order']);
  await settings({ promo: { pool: 'welcome' } });
});

test('J1 who had bought before they registered is taught, and sold nothing', async () => {
  const egor = await customer();
  await system.track(egor.id, 'Order Completed', orderOf('lamp'));
  await system.pass('2 days');
  await system.track(egor.id, 'Signed Up');
  await system.pass('7 days');
  expect(await egor.templates()).toEqual(teaching);
  expect(await egor.outcome()).toBe('completed');
});

test('J2 a company gets its own series, at the address of the company', async () => {
  const zoya = await customer({ kind: 'b2b' });
  const office = { context: { profile: 'corporate' } };
  await system.send('identify', { userId: zoya.id, traits: { email: `office-${zoya.email}` }, ...office });
  await system.track(zoya.id, 'Signed Up', {}, office);
  await system.pass('7 days');
  expect(await zoya.templates()).toEqual(forCompanies);
  expect(await zoya.mails()).toEqual([]);
  const codes = (await system.inbox(`office-${zoya.email}`)).map(({ text }) => /HELLO-\w{6}/.test(text));
  expect(codes).toEqual([false, true, false, false, false, true]);
});

test('J2 a corporate order is the first order, too', async () => {
  const ivan = await customer({ kind: 'b2b' });
  await system.track(ivan.id, 'Signed Up');
  await system.pass('1 hour');
  await system.track(ivan.id, 'Order Completed', orderOf('lamp'), { context: { profile: 'corporate' } });
  await system.pass('7 days');
  expect(await ivan.templates()).toEqual(['company-papers', 'company-delivery', 'company-manager', 'company-lists']);
});

test('J2 who turns out to be a company changes branch: nothing is said twice, and still one a day', async () => {
  const kira = await customer();
  await system.track(kira.id, 'Signed Up');
  await system.pass('30 hours');
  expect(await kira.templates()).toEqual(['how-it-works', 'first-order']);
  await system.identify(kira.id, { kind: 'b2b' });
  await system.pass('9 days');
  // It has had its code; that it ends is said in time, before what is left, and there is one code.
  const rest = ['company-papers', 'company-delivery', 'company-manager', 'company-terms', 'company-lists'];
  expect(await kira.templates()).toEqual(['how-it-works', 'first-order', ...rest]);
  for (const gap of gaps(await kira.acceptedAt())) expect(Math.abs(gap - day)).toBeLessThan(hour);
  const codes = (await kira.mails()).flatMap(({ text }) => /HELLO-\w{6}/.exec(text) ?? []);
  expect(codes).toHaveLength(2);
  expect(new Set(codes).size).toBe(1);
});

test('J1 a newcomer gets no mass mailing while the series runs, and does after it', async () => {
  const lev = await customer();
  await system.track(lev.id, 'Subscribed');
  await system.pass('2 days');
  const bulk = async () => {
    await system.refresh();
    const now = system.clock.now();
    const flags = { kind: 'marketing', obeys: true, counts: true, sale: false, quietHours: false } as const;
    const request = {
      customerId: lev.customerId,
      profile: 'personal',
      runId: await mailing(now),
      journey: 'campaign',
      block: `mailing-${now.getTime()}`,
      iteration: 1,
      channel: 'email',
      template: 'mailing',
      class: 'bulk',
      flags,
      due: now,
      validForMs: 30 * day,
    } as const;
    const [answer] = await decideContacts(system.db, [request], { now, topic: 'offers', settingsVersion: 0 });
    return answer?.answer === 'decided' ? `${answer.decision.decision} ${answer.decision.reason}` : answer?.answer;
  };
  expect(await bulk()).toBe('defer policy:bulk-excluded');
  await system.pass('6 days');
  expect(await lev.outcome()).toBe('completed');
  expect(await bulk()).toBe('send ok');
});

test('J1 old news welcomes nobody; a registration of today does', async () => {
  const mila = await customer();
  await system.refresh();
  const timestamp = new Date(system.clock.now().getTime() - 30 * hour).toISOString();
  await system.track(mila.id, 'Signed Up', {}, { timestamp, sentAt: system.clock.now().toISOString() });
  await system.pass('2 days');
  expect(await mila.templates()).toEqual([]);
  expect(await missed(mila.customerId)).toEqual(['too_late']);
  await system.track(mila.id, 'Signed Up');
  await system.pass('1 hour');
  expect(await mila.templates()).toEqual(['how-it-works']);
});

test('J1 once a customer: neither registering again nor subscribing starts a second series', async () => {
  const nina = await customer();
  await system.track(nina.id, 'Subscribed', { source: 'popup' });
  await system.pass('7 days');
  for (const event of ['Signed Up', 'Subscribed']) await system.track(nina.id, event);
  await system.pass('7 days');
  expect(await nina.templates()).toEqual(forPeople);
  expect(await missed(nina.customerId)).toEqual(['once']);
});

test('an empty pool sends no code, and the series goes on without it', async () => {
  const pool = { name: 'empty', sizes: [{ name: 'all', when: [], percent: 5 }], expiry: { after: 'P5D' }, lowStock: 0 };
  await createPromoPool(system.db, { ...pool, generated: null }, system.clock.now());
  await settings({ promo: { pool: 'empty' } });
  const oleg = await customer();
  await system.track(oleg.id, 'Signed Up');
  await system.pass('7 days');
  expect(await oleg.templates()).toEqual(forPeople.filter((message) => message !== 'first-order'));
  expect(await oleg.decisions()).toContain('first-order skip promo_empty');
  await settings({});
  const pavel = await customer();
  await system.track(pavel.id, 'Signed Up');
  await system.pass('7 days');
  expect(await pavel.templates()).toEqual(forPeople);
  await settings({ promo: { pool: 'welcome' } });
});

/** A run of a campaign, as every message of bulk has one. */
async function mailing(now: Date): Promise<string> {
  const id = newId(now);
  const times = { trigger_at: now, entered_at: now, read_seq: 0, settings_version: 0 };
  const run = { id, workflow_id: `campaign:${id}`, journey: 'campaign', class: 'bulk', key: '' };
  await system.db
    .insertInto('runs')
    .values({ ...run, ...times, ended_at: now, outcome: 'completed' })
    .execute();
  return id;
}
