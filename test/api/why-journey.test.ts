import { expect, test } from 'vitest';
import { saveSettings } from '#db/settings.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { plantMessages } from '#test/support/messages.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { plantRuns } from './plan-support.ts';

const system = await startSystem(await timeSkipping());
const customer = customers(system);
await system.stock({ id: 'lamp' });

const get = async (path: string) => {
  await system.refresh();
  const { status, body, text } = await system.call('GET', path);
  expect(status, text).toBe(200);
  return body;
};

test('R2 what the map foretells is what the journey does, and what it did is told in words', async () => {
  const anna = await customer({ timezone: 'Europe/Moscow' });
  await system.passUntil(12, 'Europe/Moscow');
  const aDay = { channels: [], classes: [], max: 2, window: 'P1D', clock: 'calendar', unit: 'message' };
  await saveSettings(system.db, 'policy', { rules: [{ name: 'two-a-day', ...aDay }] }, 'test', system.clock.now());
  await system.track(anna.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 minute');
  const map = () => get(`/customers/${anna.customerId}/plan`);
  expect((await map()).items).toMatchObject([
    { journey: 'abandonment', block: 'idle', message: 'cart-reminder', reason: null, heldBy: null },
  ]);
  // Another journey has said something today, and a third plans to, at five.
  const noon = system.clock.now();
  await plantMessages(system.db, [
    { customer_id: anna.customerId, reserved_at: noon, journey: 'order-confirmation', class: 'lifecycle' },
  ]);
  const five = new Date(noon.getTime() + 5 * 3_600_000);
  const [welcome = ''] = await plantRuns(system.db, [
    { customer: anna.customerId, journey: 'welcome', class: 'lifecycle', due: five },
  ]);
  const [hello, cart] = (await map()).items;
  expect(hello).toMatchObject({ runId: welcome, blocks: [{ journey: 'abandonment', rule: 'two-a-day' }] });
  expect(cart).toMatchObject({ reason: 'planned:two-a-day', blockedBy: [{ runId: welcome }] });

  await system.pass('31 minutes');
  expect(await anna.mails()).toEqual([]);
  const held = (await map()).items.find((item: { journey: string }) => item.journey === 'abandonment');
  expect(held).toMatchObject({ expectedAt: cart.expectedAt, heldBy: { reason: 'planned:two-a-day' } });
  const { answer } = await get(`/customers/${anna.customerId}/why?journey=abandonment`);
  expect(answer).toMatch(
    /\(Moscow, by profile\) the message cart-1 \(cart-reminder, email\) was put off until .* at 0:00, because the place under the rule two-a-day was held for welcome, which plans a message on .* at 17:\d\d\./,
  );

  await system.pass('12 hours');
  const sent = (await anna.acceptedAt()).at(-1) ?? expect.unreachable();
  expect(sent.getTime()).toBeGreaterThanOrEqual(Date.parse(cart.expectedAt));
  expect(sent.getTime()).toBeLessThan(Date.parse(cart.expectedAt) + 60_000);

  await system.track(anna.id, 'Order Completed', orderOf('lamp'));
  await system.pass('1 minute');
  const { decisions, runs, messages, plan } = await get(
    `/customers/${anna.customerId}/why?journey=abandonment&lang=ru`,
  );
  expect(decisions[0].words).toMatch(/не отправлено, и цепочка закончилась, потому что цель цепочки достигнута\.$/);
  expect(decisions.map(({ decision }: { decision: string }) => decision)).toEqual(['stop', 'send', 'defer']);
  expect(runs).toMatchObject([
    { outcome: 'goal', words: expect.stringMatching(/закончилась .* цель цепочки достигнута/) },
  ]);
  expect(messages[0].words).toMatch(/^Сообщение cart-1 \(cart-reminder, email\): принято провайдером/);
  expect(plan).toEqual([]);
});

test('a night is slept through, and it is said so', async () => {
  const shop = { ...system.shop, quietHours: { from: '21:00', to: '09:00' } };
  await saveSettings(system.db, 'shop', shop, 'test', system.clock.now());
  const boris = await customer();
  await system.passUntil(22, 'Europe/Moscow');
  await system.track(boris.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 minute');
  const [coming] = (await get(`/customers/${boris.customerId}/plan`)).items;
  expect(coming).toMatchObject({
    reason: 'quiet_hours',
    words: expect.stringMatching(/9:00: it keeps quiet hours\.$/),
  });
  await system.pass('1 hour');
  const { items: decisions } = await get(`/customers/${boris.customerId}/decisions`);
  expect(decisions[0]).toMatchObject({ reason: 'quiet_hours', until: coming.expectedAt });
  expect(decisions[0].words).toMatch(/was put off until .* at 9:00, because it was quiet hours\.$/);
});
