import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startBusinessClock } from '#db/business-clock.ts';
import { upsertProducts } from '#db/products.ts';
import { freshDatabase } from '#test/support/database.ts';

const { db, url } = await freshDatabase();
const root = join(import.meta.dirname, '../..');

function recompute(...args: string[]) {
  const env = { ...process.env, DATABASE_URL: url };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/recompute.ts', ...args], { cwd: root, env });
  return { status, said: `${stdout}${stderr}`.trim() };
}

test('a regular job by hand: what it did is told, what is wrong too', async () => {
  expect(recompute('recommendations')).toEqual({ status: 1, said: expect.stringContaining('has no shop yet') });
  expect(recompute('horoscopes')).toEqual({ status: 1, said: expect.stringContaining('npm run recompute -- ') });
  const at = new Date();
  await startBusinessClock(db, 1, at.getTime());
  const bare = {
    sku: null,
    imageUrl: null,
    category: 'Bags',
    brand: null,
    attributes: {},
    url: 'https://shop.example',
  };
  const offers = [{ region: '*', price: { amount: 1, currency: 'RUB' }, oldPrice: null, stock: 1 }];
  await upsertProducts(db, [{ ...bare, id: 'bag', name: 'Bag', offers }], at);
  const customer = '0198a5f0-0000-7000-8000-000000000000';
  await db.insertInto('customers').values({ id: customer, created_at: at }).execute();
  const view = { customer_id: customer, profile: 'personal', kind: 'view', ref: 'bag', first_at: at, last_at: at };
  await db.insertInto('interests').values(view).execute();
  expect(recompute('recommendations')).toEqual({
    status: 0,
    said: 'recommendations: {"hits":2,"bought":0,"seen":0}',
  });
  expect(recompute('replenishment')).toEqual({
    status: 0,
    said: 'replenishment: {"changed":0,"dated":0,"learnt":1,"started":0}',
  });
});
