import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { importing, killedWhen } from './support.ts';

/** An import may be killed at any line, and a file may come again: it comes to the same (P1). */

const shop = await importing();
const { file, run } = shop;

function orders(name: string, from: number, count: number): string {
  const rows = Array.from({ length: count }, (_, n) => from + n).flatMap((n) => {
    const about = `${name}-${n},${name}-c${n % 97},${name}-c${n % 97}@example.com,2026-01-${String((n % 28) + 1).padStart(2, '0')}`;
    const price = n % 50 === 49 ? 'none' : '10.50';
    return [`${about},lamp,${price}`, `${about},bulb,${price}`];
  });
  return `order_id,customer_id,email,date,product_id,price\n${rows.join('\n')}\n`;
}

test('the same file twice changes nothing; one that has grown adds what is new', async () => {
  const path = file('orders.csv', orders('twice', 0, 500));
  expect(await run('orders', path)).toMatchObject({ imported: 490, unchanged: 0, refused: 20 });
  const before = await shop.everything();
  expect(await run('orders', path)).toMatchObject({ imported: 0, unchanged: 490, refused: 20 });
  expect(await shop.everything()).toBe(before);
  const grown = file('grown.csv', orders('twice', 0, 600));
  expect(await run('orders', grown)).toMatchObject({ imported: 98, unchanged: 490 });
});

test('customers twice: traits, addresses, consents are as they were, and what was said since stays', async () => {
  const rows = [
    'u1,u1@example.com,+7 916 000-00-01,b2b,Omsk,no',
    'u2,u2@example.com,,,Perm,yes',
    ',u3@example.com,,,,',
  ];
  const path = file('people.csv', `customer_id,email,phone,profile,city,advertising\n${rows.join('\n')}\n`);
  expect(await run('customers', path)).toMatchObject({ imported: 3, refused: 0 });
  expect(await shop.customer('userId=u1')).toMatchObject({
    traits: { city: 'Omsk' },
    profiles: [{ kind: 'corporate', email: 'u1@example.com', phone: '+79160000001' }],
    consents: [{ purpose: 'advertising', channel: '*', state: 'denied', source: 'import' }],
  });
  const before = await shop.everything();
  expect(await run('customers', path)).toMatchObject({ imported: 0, unchanged: 3 });
  expect(await shop.everything()).toBe(before);
  await shop.db
    .updateTable('customers')
    .set({ traits: JSON.stringify({ city: 'Tomsk' }) })
    .execute();
  const later = JSON.stringify({ city: new Date(Date.now() + 1000).toISOString() });
  await shop.db.updateTable('customers').set({ traits_at: later }).execute();
  expect(await run('customers', path)).toMatchObject({ imported: 0 });
  expect((await shop.customer('userId=u1')).traits).toEqual({ city: 'Tomsk' });
});

test('products twice; a price that changed is told', async () => {
  const table = (price: string) =>
    [
      'id,name,url,category,price,old_price,cost,stock,region,colour',
      `lamp,Lamp,https://shop.example/lamp,Light,${price},150,60,4,*,red`,
      `lamp,Lamp,https://shop.example/lamp,Light,110,,60,2,msk,red`,
      'bulb,Bulb,https://shop.example/bulb,Light,"1 299,90",,,,*,',
      'desk,Desk,nowhere,,1,,,,,',
    ].join('\n');
  const path = file('products.csv', table('100'));
  expect(await run('products', path)).toMatchObject({ imported: 2, refused: 1 });
  expect(readFileSync(`${path}.refused.csv`, 'utf8')).toContain('5,url,');
  const { body } = await shop.call('GET', '/products/lamp');
  expect(body).toMatchObject({
    attributes: { colour: 'red' },
    offers: [
      { region: '*', price: { amount: 100_00 }, oldPrice: { amount: 150_00 }, cost: { amount: 60_00 }, stock: 4 },
      { region: 'msk', price: { amount: 110_00 }, stock: 2 },
    ],
  });
  const before = await shop.everything();
  expect(await run('products', path)).toMatchObject({ imported: 0, unchanged: 2 });
  expect(await shop.everything()).toBe(before);
  writeFileSync(path, table('90'));
  expect(await run('products', path)).toMatchObject({ imported: 1, unchanged: 1 });
});

test('who was erased does not come back by the orders that they had', async () => {
  const path = file('erased.csv', orders('erased', 0, 1));
  await run('orders', path);
  const { id } = await shop.customer('userId=erased-c0');
  expect((await shop.call('DELETE', `/customers/${id}`)).status).toBe(204);
  expect(await run('orders', path)).toMatchObject({ imported: 0, unchanged: 1 });
  expect(await shop.customer('userId=erased-c0')).toBeNull();
});

test('killed again and again it comes to its end: no order twice, none lost, each refused line told once', async () => {
  const path = file('killed.csv', orders('killed', 0, 8_000));
  const stands = async () => {
    const row = await shop.db.selectFrom('imports').select('line').where('file', '=', 'killed.csv').executeTakeFirst();
    return row?.line ?? 0;
  };
  let stood = 0;
  // The second and third go on where the one before stood, and are killed while more is on its way.
  for (let kill = 1; kill <= 3; kill += 1) {
    const before = stood;
    await killedWhen(async () => (await stands()) > before, shop.url, 'orders', path);
    stood = await stands();
    expect(stood).toBeGreaterThan(before);
  }
  expect(stood).toBeLessThan(16_001);
  const { told, ...counts } = (await run('orders', path)) as { told: string[]; line: number };
  expect(told.join('')).toContain(`going on after line ${stood}`);
  expect(counts).toMatchObject({ line: 16_001, refused: 320 });
  const { rows } = await shop.pool.query<{ orders: number; lines: number; events: number }>(`
    select (select count(*) from orders where order_id like 'killed-%') as orders,
      (select count(*) from order_lines where order_id like 'killed-%') as lines,
      (select count(*) from events where payload->'properties'->>'order_id' like 'killed-%') as events`);
  expect(rows).toEqual([{ orders: 7_840, lines: 15_680, events: 7_840 }]);
  const refused = readFileSync(`${path}.refused.csv`, 'utf8').trim().split('\n').slice(1);
  expect([refused.length, new Set(refused).size]).toEqual([320, 320]);
});

test('two at once: the second is told to wait', async () => {
  const path = file('both.csv', orders('both', 0, 3_000));
  const ended = await Promise.all([run('orders', path), run('orders', path)]);
  const failed = ended.filter((one) => 'failed' in one);
  expect(failed).toEqual([{ failed: `${path} is being imported by another process: wait for it.` }]);
  const { count } = shop.db.fn;
  const kept = shop.db.selectFrom('orders').select(count<number>('order_id').as('orders'));
  expect(await kept.where('order_id', 'like', 'both-%').executeTakeFirst()).toEqual({ orders: 2_940 });
});
