import { expect, test } from 'vitest';
import { createPromoPool } from '#db/promo-pools.ts';
import { presetPools, presets } from '#presets/presets.ts';
import { customers } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { settingsSchemas } from '#workflows/catalogue.ts';

/** Welcome as the retailers have it: under their contact policies, and beside what else their customers do. */

const system = await startSystem(await timeSkipping(), { only: ['welcome', 'abandonment'] });
const customer = customers(system);
const day = 24 * 3_600_000;
await system.stock({ id: 'lamp' }, { id: 'chair' });

async function as(name: string) {
  const { policy, journeys } = presets[name] ?? expect.unreachable();
  await system.put('/settings/policy', policy);
  await system.put('/journeys/abandonment/settings', { enabled: false });
  await system.put('/journeys/welcome/settings', settingsSchemas.welcome.parse(journeys.welcome ?? {}));
  for (const pool of presetPools(name)) await createPromoPool(system.db, pool, system.clock.now());
}

test.each(Object.keys(presets))('%s: the policy lets the whole series through, both branches', async (name) => {
  await as(name);
  const [anna, office] = [await customer(), await customer({ kind: 'b2b' })];
  for (const { id } of [anna, office]) await system.track(id, 'Signed Up');
  await system.pass('40 days');
  const { branches } = settingsSchemas.welcome.parse(presets[name]?.journeys.welcome ?? {});
  expect(await anna.templates()).toEqual(branches.b2c.map(({ message }) => message));
  expect(await office.templates()).toEqual(branches.b2b.map(({ message }) => message));
});

test('J2 Komus: a week between the messages, and a cart that is left meanwhile takes no place of theirs', async () => {
  await as('komus');
  await system.put('/journeys/abandonment/settings', presets.komus?.journeys.abandonment ?? {});
  const boris = await customer();
  await system.track(boris.id, 'Signed Up');
  await system.pass('3 days');
  await system.track(boris.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('40 days');
  const welcome = (await boris.templates()).filter((name) => !name.startsWith('cart-'));
  expect(welcome).toEqual(['how-it-works', 'first-order', 'originals', 'try-on', 'novelties', 'how-to-order']);
  const at = await boris.acceptedAt();
  for (const [index, one] of at.slice(1).entries())
    expect(one.getTime() - (at[index]?.getTime() ?? 0)).toBeGreaterThanOrEqual(7 * day);
});

test('J1 Second Friend Store: their questions in their order, in Russian, and the code is about to burn', async () => {
  await as('second-friend-store');
  await system.put('/settings/shop', { ...system.shop, ...presets['second-friend-store']?.shop });
  const vera = await customer({ firstName: 'Вера' });
  await system.track(vera.id, 'Signed Up');
  await system.pass('7 days');
  const mails = await vera.mails();
  expect(mails.map(({ subject }) => subject.replace(/\d+ \S+ в \d\d:\d\d/, '…'))).toEqual([
    'Что значит «встать в очередь»',
    'Вещи оригинальные?',
    'Может ли вещь быть новой? И −5% на первый заказ',
    'Можно ли примерить?',
    'Как узнавать о новинках первыми',
    'Промокод сгорит …',
  ]);
  expect(mails[0]?.text).toContain('Здравствуйте, Вера!');
  const codes = mails.flatMap(({ text }) => /FRIEND-\w{6}/.exec(text) ?? []);
  expect(codes).toHaveLength(2);
  expect(new Set(codes).size).toBe(1);
});
