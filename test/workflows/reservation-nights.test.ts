import { expect, test } from 'vitest';
import { queueSystem } from './queues.ts';

const queues = await queueSystem({ quietHours: { from: '21:00', to: '09:00' }, zone: 'Europe/Moscow' });
const { system, customer, join, says, item, becomes } = queues;

test('quiet hours postpone the offer, and do not eat it', async () => {
  const [anna, boris] = [await queues.withTelegram(), await customer()];
  for (const who of [anna, boris]) await join('bag', who);
  await system.passUntil(22, 'Europe/Moscow');
  await says('Item Returned', 'bag');
  await expect.poll(() => item('bag')).toMatchObject({ state: 'offered', holder: anna.customerId, until: null });
  await expect.poll(() => anna.decisions()).toEqual(['offer defer quiet_hours', 'offer defer quiet_hours']);
  await system.pass('10 hours');
  expect(await item('bag')).toMatchObject({ state: 'offered', holder: anna.customerId });
  await system.pass('90 minutes');
  await becomes('bag', { state: 'held', holder: anna.customerId });
  const [at] = (await anna.acceptedAt()).map((accepted) => accepted.toISOString().slice(11, 13));
  expect(at).toBe('06');
  const { until } = await item('bag');
  expect(new Date(until).toISOString().slice(11, 13)).toBe('22');
  await system.pass('17 hours');
  // 01:00 in Moscow: the hold is over, and nobody is woken.
  await expect.poll(() => item('bag')).toMatchObject({ state: 'offered', holder: boris.customerId });
  expect(await anna.templates()).toEqual(['offer', 'offer']);
  await system.pass('9 hours');
  await becomes('bag', { state: 'held', holder: boris.customerId });
  expect(await anna.templates()).toEqual(['offer', 'offer', 'hold-cancelled', 'hold-cancelled']);
});
