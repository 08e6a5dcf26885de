import { expect, test } from 'vitest';
import { importing } from './support.ts';

/** Who is who in a file is decided by the same rules as everywhere (P1). */

const shop = await importing();
const { file, run } = shop;
const conflicts = async () => (await shop.call('GET', '/conflicts')).body.items;

test('two logins with one phone are a conflict, however often the file comes', async () => {
  const path = file('people.csv', 'customer_id,email,phone\nanna,anna@example.com,+79160000001\nboris,,+79160000001\n');
  expect(await run('customers', path)).toMatchObject({ imported: 2, refused: 0 });
  expect(await conflicts()).toMatchObject([
    { kind: 'phone', reason: 'both_have_user_id', holder: { userIds: ['anna'] }, claimant: { userIds: ['boris'] } },
  ]);
  const before = await shop.everything();
  expect(await run('customers', path)).toMatchObject({ imported: 0, unchanged: 2 });
  expect(await shop.everything()).toBe(before);
  const [{ id }] = await conflicts();
  await shop.call('POST', `/conflicts/${id}/decision`, { decision: 'merge' });
  expect(await run('customers', path)).toMatchObject({ imported: 0, unchanged: 2 });
  expect(await conflicts()).toEqual([]);
});

test('a company and a person of one login keep their addresses and orders apart', async () => {
  const people = 'customer_id,email,profile\nvera,vera@example.com,\nvera,office@company.example,b2b\n';
  expect(await run('customers', file('both.csv', people))).toMatchObject({ imported: 2 });
  const table = 'order_id,customer_id,date,product_id,price,profile\n';
  const orders = `${table}P-1,vera,2026-01-01,lamp,10,\nC-1,vera,2026-01-02,desk,20,corporate\n`;
  expect(await run('orders', file('orders.csv', orders))).toMatchObject({ imported: 2 });
  expect(await shop.customer('userId=vera')).toMatchObject({
    profiles: [
      { kind: 'personal', email: 'vera@example.com' },
      { kind: 'corporate', email: 'office@company.example' },
    ],
    orders: [
      { orderId: 'P-1', profile: 'personal' },
      { orderId: 'C-1', profile: 'corporate' },
    ],
  });
});
