import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { customers } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const system = await startSystem(await timeSkipping(), { shop: { quietHours: { from: '21:00', to: '09:00' } } });
const customer = customers(system);
await system.stock({ id: 'lamp' });

test.each([
  ['their own', { timezone: 'Asia/Tokyo', phone: '+74232123456' }, 'Asia/Tokyo', 'profile'],
  ['by phone', { phone: '+74232234567', region: 'Омская область' }, 'Asia/Vladivostok', 'phone'],
  ['by region', { phone: '+79161234567', region: 'Омская область' }, 'Asia/Omsk', 'region'],
  ["the shop's", { phone: '+79161234568' }, 'Europe/Moscow', 'shop'],
])("a letter goes by the customer's clock, and the ledger says whose: %s", async (_, traits, zone, from) => {
  const anna = await customer();
  await system.identify(anna.id, traits);
  await system.passUntil(21, zone);
  await system.track(anna.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('13 hours');
  const { rows } = await sql<{ decision: string; reason: string; hour: number; details: object; zone: string | null }>`
    select d.decision, d.reason, extract(hour from d.at at time zone ${zone})::int as hour, d.details, m.zone
    from decisions d left join messages m on m.id = d.message_id
    where d.customer_id = ${anna.customerId} order by d.at limit 2`.execute(system.db);
  const details = { zone, zoneFrom: from };
  expect(rows).toMatchObject([
    { decision: 'defer', reason: 'quiet_hours', hour: 21, details, zone: null },
    { decision: 'send', hour: 9, details, zone },
  ]);
});
