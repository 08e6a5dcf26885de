import { beforeEach, expect, test } from 'vitest';
import { createPromoPool } from '#db/promo-pools.ts';
import type { PromoExpiry } from '#domain/promo.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const system = await startSystem(await timeSkipping());
const customer = customers(system);
await system.stock(
  { id: 'lamp' },
  { id: 'bulb' },
  { id: 'rug', category: 'Rugs' },
  { id: 'chandelier', price: 9_000_000 },
);
beforeEach(() => system.settings({}));

const pool = (name: string, expiry: PromoExpiry, pattern: string) => {
  const sizes = [{ name: 'all', when: [], percent: 10 }];
  const generated = { pattern, ahead: 10, most: null };
  return createPromoPool(system.db, { name, sizes, expiry, lowStock: 0, generated }, system.clock.now());
};
const step = (message: string, after = 'PT0S', validFor = 'P1D') => ({ message, after, validFor });

test('J4 DNK: a reminder after 30 minutes, a promo code for that item after 3 days, "your code expires" after 7', async () => {
  await pool('come-back', { after: 'P8D' }, 'BACK-??????');
  await system.settings({
    promo: { pool: 'come-back' },
    branches: {
      cart: {
        idle: 'PT30M',
        steps: [step('cart-reminder'), step('cart-promo', 'P3D'), step('cart-promo-expires', 'P7D')],
      },
    },
  });
  const anna = await customer();
  await system.track(anna.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('12 days');
  expect(await anna.templates()).toEqual(['cart-reminder', 'cart-promo', 'cart-promo-expires']);
  const [reminder, promo, expires] = await anna.mails();
  const [code] = /BACK-\w{6}/.exec(promo?.text ?? '') ?? ['none'];
  expect([reminder, promo, expires].map((mail) => mail?.text.includes(code))).toEqual([false, true, true]);
});

test('R4 an expired code is not spoken of, and without a promo its messages are skipped with the reason', async () => {
  const steps = [
    step('cart-reminder'),
    step('cart-promo', 'P1D'),
    step('cart-promo-expires', 'P3D'),
    step('cart-last-call', 'PT1H'),
  ];
  await pool('short', { after: 'P2D' }, 'SHORT-??????');
  await system.settings({
    promo: { pool: 'short' },
    branches: { cart: { idle: 'PT30M', steps } },
  });
  const boris = await customer();
  await system.track(boris.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('6 days');
  expect(await boris.templates()).toEqual(['cart-reminder', 'cart-promo', 'cart-last-call']);
  expect(await boris.decisions()).toContain('cart-3 skip promo_expired');
  await system.settings({ branches: { cart: { idle: 'PT30M', steps } } });
  const vera = await customer();
  await system.track(vera.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('6 days');
  expect(await vera.templates()).toEqual(['cart-reminder', 'cart-last-call']);
  expect(await vera.decisions()).toEqual(expect.arrayContaining(['cart-2 skip no_promo', 'cart-3 skip no_promo']));
});

test('J5 MI: a second message with alternatives; none where there is nothing else to offer', async () => {
  const branches = {
    view: { idle: 'PT30M', steps: [step('view'), step('view-alternatives', 'P1D')] },
    favourites: { idle: 'PT30M', steps: [step('favourites'), step('favourites-alternatives', 'P2D')] },
  };
  await system.settings({ branches });
  const [gleb, dina, egor] = [await customer(), await customer(), await customer()];
  await system.track(gleb.id, 'Product Viewed', { product_id: 'lamp' });
  await system.track(dina.id, 'Product Added to Wishlist', { product_id: 'lamp' });
  await system.track(egor.id, 'Product Viewed', { product_id: 'rug' });
  await system.pass('4 days');
  expect(await gleb.templates()).toEqual(['view', 'view-alternatives']);
  expect(await dina.templates()).toEqual(['favourites', 'favourites-alternatives']);
  expect(await egor.templates()).toEqual(['view']);
  expect(await egor.decisions()).toContain('view-2 skip no_alternatives');
});

test('J6 an expensive view takes its own, earlier and richer branch', async () => {
  await system.settings({ expensiveFrom: 5_000_000 });
  const zoya = await customer();
  const ivan = await customer();
  await system.track(zoya.id, 'Product Viewed', { product_id: 'chandelier' });
  await system.track(ivan.id, 'Product Viewed', { product_id: 'lamp' });
  await system.pass('20 minutes');
  expect([await zoya.templates(), await ivan.templates()]).toEqual([['view-expensive'], []]);
  await system.pass('15 minutes');
  expect(await ivan.templates()).toEqual(['view']);
});

test('J7 MI: who opened nothing may be asked to pick a category instead', async () => {
  await system.settings({ branches: { visit: { idle: 'PT30M', steps: [step('pick-a-category')] } } });
  const kira = await customer();
  await system.page(kira.id);
  await system.pass('1 hour');
  expect(await kira.templates()).toEqual(['pick-a-category']);
  expect((await kira.mails())[0]?.html).toContain('Rugs');
});

test('J3 a stronger intent changes the branch at the next step', async () => {
  await system.settings({
    branches: { view: { idle: 'PT30M', steps: [step('view'), step('view-alternatives', 'PT2H')] } },
  });
  const lev = await customer();
  await system.track(lev.id, 'Product Viewed', { product_id: 'lamp' });
  await system.pass('1 hour');
  await system.track(lev.id, 'Product Added', { product_id: 'bulb' });
  await system.pass('3 hours');
  expect(await lev.templates()).toEqual(['view', 'cart-reminder']);
});

test('a run keeps the settings that it entered with', async () => {
  const mila = await customer();
  await system.track(mila.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  await system.settings({ branches: { cart: { idle: 'PT30M', steps: [step('cart-last-call')] } } });
  const nina = await customer();
  await system.track(nina.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('6 days');
  expect(await mila.templates()).toHaveLength(4);
  expect(await nina.templates()).toEqual(['cart-last-call']);
});

test('a journey that is switched off starts for nobody', async () => {
  await system.settings({ enabled: false });
  const oleg = await customer();
  await system.track(oleg.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 day');
  expect(await oleg.templates()).toEqual([]);
  await system.settings({});
  await system.track(oleg.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  expect(await oleg.templates()).toEqual(['cart-reminder']);
});

test('R9 unsubscribing ends the run at once', async () => {
  const pavel = await customer();
  await system.track(pavel.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  const [mail] = await pavel.mails();
  await system.unsubscribe(mail);
  await system.pass('5 days');
  expect(await pavel.templates()).toEqual(['cart-reminder']);
  expect(await pavel.outcome()).toBe('exited:unsubscribed');
  await system.track(pavel.id, 'Product Added', { product_id: 'bulb' });
  await system.pass('5 days');
  expect(await pavel.mails()).toHaveLength(1);
});

test('R9 who subscribes again is reachable again, and what they did lately counts', async () => {
  const rita = await customer();
  await system.track(rita.id, 'Product Viewed', { product_id: 'lamp' });
  await system.pass('1 hour');
  const [mail] = await rita.mails();
  await system.unsubscribe(mail);
  await system.track(rita.id, 'Product Added', { product_id: 'bulb' });
  await system.pass('2 hours');
  await system.resubscribe(mail);
  await system.pass('1 hour');
  expect(await rita.templates()).toEqual(['view', 'cart-reminder']);
});

test('R1 a contact policy of one in seven days drops what would come too late, and says why', async () => {
  const rule = {
    name: 'one-a-week',
    channels: [],
    classes: [],
    max: 1,
    window: 'P7D',
    clock: 'rolling',
    unit: 'message',
  };
  await system.put('/settings/policy', { rules: [rule] });
  const raya = await customer();
  await system.track(raya.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('6 days');
  expect(await raya.templates()).toEqual(['cart-reminder']);
  expect(await raya.decisions()).toContain('cart-2 drop expired:policy:one-a-week');
});

test('quiet hours postpone to the morning of the customer', async () => {
  await system.put('/settings/policy', { rules: [] });
  await system.put('/settings/shop', { ...system.shop, quietHours: { from: '21:00', to: '09:00' } });
  const zone = 'Asia/Vladivostok';
  const savva = await customer({ timezone: zone });
  await system.passUntil(22, zone);
  await system.track(savva.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('2 hours');
  expect(await savva.templates()).toEqual([]);
  await system.pass('10 hours');
  const [accepted] = await savva.acceptedAt();
  const local = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(
    accepted,
  );
  expect(local).toBe('09:00');
  expect(await savva.decisions()).toContain('cart-1 defer quiet_hours');
});

test('after a purchase what was looked at before is forgotten; what comes after begins anew', async () => {
  const tanya = await customer();
  await system.track(tanya.id, 'Product Viewed', { product_id: 'rug' });
  await system.track(tanya.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('10 minutes');
  await system.track(tanya.id, 'Order Completed', orderOf('lamp'));
  await system.pass('1 day');
  expect(await tanya.templates()).toEqual([]);
  await system.track(tanya.id, 'Product Viewed', { product_id: 'bulb' });
  await system.pass('1 day');
  expect(await tanya.templates()).toEqual(['view']);
});
