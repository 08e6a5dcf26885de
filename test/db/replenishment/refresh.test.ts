import { type Arbitrary, array, assert, asyncProperty, integer, record } from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { dueGoods } from '#db/replenishment/due.ts';
import { refreshReplenishment } from '#db/replenishment/refresh.ts';
import { type Learnt, medianDays, runOut, stretchOf } from '#domain/replenishment.ts';
import { plantCustomers } from '#test/db/metrics/support.ts';
import { freshDatabase } from '#test/support/database.ts';
import { on, type Purchase, plantProducts, plantPurchases, rules, runOuts } from './support.ts';

// J14: what is written is what the model says, and looking only at what changed comes to the same.

const { db, pool } = await freshDatabase();
const products = { shampoo: 'Shampoo', balm: 'Shampoo', batteries: 'Batteries', lamp: 'Lamps', rug: 'Rugs' };
const names = Object.keys(products);
const { model } = rules;

beforeEach(async () => {
  await pool.query(`truncate customers, orders, order_lines, order_changes, metrics_changed, products, offers, replenishment,
    replenishment_intervals, replenishment_changed, replenishment_state cascade`);
  await plantProducts(pool, products);
});

const purchase = record({
  customer: integer({ min: 0, max: 5 }),
  product: integer({ min: 0, max: names.length - 1 }),
  day: integer({ min: -300, max: -1 }),
  quantity: integer({ min: 1, max: 4 }),
});
const history = array(purchase, { maxLength: 50 });
const households = ['1', '4', 'many', null, '2', '3'];

async function plant(): Promise<string[]> {
  await pool.query(
    'truncate customers, orders, order_lines, order_changes, replenishment, replenishment_state, replenishment_changed cascade',
  );
  const ids = await plantCustomers(pool, households.length, on(-400));
  await pool.query(
    `update customers set traits = jsonb_build_object('householdSize', size)
    from unnest($1::uuid[], $2::text[]) as h (id, size) where customers.id = h.id`,
    [ids, households],
  );
  return ids;
}

type Drawn = typeof purchase extends Arbitrary<infer T> ? T : never;
const of = (ids: readonly string[], drawn: readonly Drawn[]): Purchase[] =>
  drawn.map(({ customer, product, ...rest }) => ({
    ...rest,
    customer: ids[customer] ?? '',
    product: names[product] ?? '',
  }));

test('J14 run-outs are those of the model, whatever was bought', async () => {
  await assert(
    asyncProperty(history, async (drawn) => {
      const ids = await plant();
      const purchases = of(ids, drawn);
      await plantPurchases(pool, purchases);
      await refreshReplenishment(db, on(0), rules);
      const written = await runOuts(db);
      // Days, to a second: the two add up in another order.
      const days = (value: number) => expect.closeTo(value, 5);
      expect(written.map(({ customer_id, product_id, due, until }) => [customer_id, product_id, due, until])).toEqual(
        byTheModel(ids, purchases).map(([customer, product, due, until]) => [
          customer,
          product,
          days(due),
          days(until),
        ]),
      );
    }),
    { numRuns: 25, endOnFailure: true },
  );
});

/** The same in plain code. */
function byTheModel(ids: readonly string[], purchases: readonly Purchase[]): [string, string, number, number][] {
  const household = (customer: string) => [1, 4, null, null, 2, 3][ids.indexOf(customer)] ?? null;
  const pairs = [...Map.groupBy(purchases, ({ customer, product }) => `${customer} ${product}`).values()].map((all) => {
    const { customer, product } = all[0] as Purchase;
    const days = [...Map.groupBy(all, ({ day }) => day)]
      .map(([day, same]) => ({ day, quantity: same.reduce((sum, one) => sum + (one.quantity ?? 1), 0) }))
      .toSorted((a, b) => a.day - b.day);
    const lasted = days.slice(1).map(({ day }, index) => {
      const before = days[index] as { day: number; quantity: number };
      return (day - before.day) / stretchOf(before.quantity, household(customer), model);
    });
    return { customer, product, last: days.at(-1) as { day: number; quantity: number }, own: learnt(lasted) };
  });
  const voices = (some: typeof pairs) => learnt(some.flatMap(({ own }) => own?.days ?? []));
  const isConsumable = (product: string) => {
    if (rules.consumables.categories.includes(products[product as keyof typeof products])) return true;
    const buyers = pairs.filter((pair) => pair.product === product);
    const again = buyers.filter(({ own }) => own !== null).length;
    return again >= 3 && again >= buyers.length / 2;
  };
  const consumed = pairs.filter(({ product }) => isConsumable(product));
  const categoryOf = (product: string) => products[product as keyof typeof products];
  return consumed
    .map(({ customer, product, last, own }): [string, string, number, number] => {
      const levels = [
        own,
        voices(pairs.filter((one) => one.product === product)),
        voices(consumed.filter((one) => categoryOf(one.product) === categoryOf(product))),
        voices(consumed),
      ] as const;
      const { dueAfter, until } = runOut(levels, { quantity: last.quantity, household: household(customer) }, model);
      return [customer, product, last.day + dueAfter, last.day + until];
    })
    .toSorted(([a, b], [c, d]) => (`${a} ${b}` < `${c} ${d}` ? -1 : 1));
}

function learnt(days: readonly number[]): Learnt | null {
  const median = medianDays(days);
  return median === null ? null : { days: median, count: days.length };
}

test('J14 day by day, looking only at whose orders changed, comes to the same as looking at everybody', async () => {
  await assert(
    asyncProperty(
      history,
      array(array(purchase, { maxLength: 4 }), { minLength: 2, maxLength: 5 }),
      async (before, daily) => {
        const ids = await plant();
        const [first] = await plantPurchases(pool, of(ids, before));
        await refreshReplenishment(db, on(0), rules);
        for (const [day, drawn] of daily.entries()) {
          await plantPurchases(
            pool,
            of(
              ids,
              drawn.map((one) => ({ ...one, day })),
            ),
          );
          if (day === 1 && first !== undefined)
            await pool.query(`update orders set state = 'cancelled' where order_id = $1`, [first]);
          expect(await refreshReplenishment(db, on(day + 1), rules)).toMatchObject({ learnt: 0 });
        }
        const stepwise = await runOuts(db);
        // All as if every customer had changed, with the intervals that were learnt at first.
        await pool.query('insert into replenishment_changed select id from customers');
        await refreshReplenishment(db, on(daily.length), rules);
        expect(stepwise).toEqual(await runOuts(db));
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
});

test('J14 looked at are those whose orders changed; everybody where the rules are others or what was learnt is old', async () => {
  const ids = await plantCustomers(pool, 5, on(-400));
  await plantPurchases(
    pool,
    ids.map((customer, index) => ({ customer, product: 'shampoo', day: -index })),
  );
  expect(await refreshReplenishment(db, on(0), rules)).toEqual({ changed: 0, dated: 5, learnt: 1 });
  expect(await refreshReplenishment(db, on(1), rules)).toEqual({ changed: 0, dated: 0, learnt: 0 });
  await plantPurchases(pool, [{ customer: ids[0] ?? '', product: 'shampoo', day: 1 }]);
  expect(await refreshReplenishment(db, on(2), rules)).toEqual({ changed: 1, dated: 1, learnt: 0 });
  expect(await refreshReplenishment(db, on(7), rules)).toMatchObject({ learnt: 1 });
  const slower = { ...rules, model: { ...model, fallbackDays: 90 } };
  expect(await refreshReplenishment(db, on(8), slower)).toMatchObject({ learnt: 1, dated: 5 });
});

test('J14 the attribute of a product says more than its category and than what is learnt', async () => {
  await pool.query(`delete from products`);
  await plantProducts(pool, { never: 'Shampoo' }, { consumable: false });
  await plantProducts(pool, { always: 'Lamps' }, { consumable: true });
  await plantProducts(pool, { sometimes: 'Lamps' });
  const [anna = ''] = await plantCustomers(pool, 1, on(-400));
  await plantPurchases(
    pool,
    ['never', 'always', 'sku-sometimes'].map((product) => ({ customer: anna, product, day: -10 })),
  );
  await refreshReplenishment(db, on(0), rules);
  expect((await runOuts(db)).map(({ product_id, due, until }) => [product_id, due, until])).toEqual([
    ['always', 35, 80],
  ]);
});

test('J14 due are goods that have run out and were not bought since, until nobody misses them any more', async () => {
  const [anna = ''] = await plantCustomers(pool, 1, on(-400));
  await plantPurchases(pool, [
    { customer: anna, product: 'shampoo', day: -50 },
    { customer: anna, product: 'batteries', day: -20 },
    { customer: anna, product: 'lamp', day: -50 },
  ]);
  await refreshReplenishment(db, on(0), rules);
  const dueOn = async (day: number) => (await dueGoods(db, anna, on(day))).map(({ productId }) => productId);
  expect(await dueOn(-6)).toEqual([]);
  expect(await dueOn(0)).toEqual(['shampoo']);
  expect(await dueOn(30)).toEqual(['shampoo', 'batteries']);
  expect(await dueOn(41)).toEqual(['batteries']);
  await pool.query('update replenishment set offered_at = $1', [on(1)]);
  expect(await dueGoods(db, anna, on(2))).toEqual([
    { productId: 'shampoo', boughtAt: on(-50), dueAt: on(-5), untilAt: on(40), offeredAt: on(1) },
  ]);
  // What was offered is remembered when it is missed no more.
  expect(await dueOn(41)).toEqual(['shampoo', 'batteries']);
  expect(await dueOn(200)).toEqual([]);
  await plantPurchases(pool, [{ customer: anna, product: 'sku-shampoo', day: 2 }]);
  expect(await dueOn(3)).toEqual([]);
});
