import type { TestCustomer } from './customers.ts';
import { orderOf } from './customers.ts';
import type { System } from './system.ts';

/** DNK's year (J11), with pools of the tests' own. */
export const yearSteps = [
  { message: 'cross-sell', at: 'P7D', from: 'delivery' },
  { message: 'review-request', at: 'P14D', from: 'delivery' },
  { message: 'top-up', at: 'P90D' },
  { message: 'news', at: 'P180D' },
  { message: 'small-promo', at: 'P210D', promo: { pool: 'small' } },
  { message: 'bigger-promo', at: 'P300D', promo: { pool: 'bigger' } },
];
export const yearMessages = yearSteps.map(({ message }) => message);

/** A shop with consumables and other goods, whose orders are followed for a year; and a look at runs that do. */
export async function followedFor(system: System, settings: object = {}) {
  const attributes = { consumable: true };
  await system.stock(
    { id: 'cream', attributes },
    { id: 'soap', attributes },
    { id: 'brush' },
    { id: 'balm' },
    { id: 'mirror', category: 'Mirrors' },
  );
  for (const [name, pattern, percent] of [
    ['small', 'BACK-??????', 10],
    ['bigger', 'MUCH-??????', 20],
  ] as const) {
    const generated = { pattern, ahead: 20 };
    await system.call('POST', '/promo-pools', { name, sizes: [{ percent }], expiry: { after: 'P14D' }, generated });
  }
  const set = (more: object = {}) =>
    system.put('/journeys/lifecycle/settings', { enabled: true, steps: yearSteps, ...settings, ...more });
  await set();
  return {
    set,
    /** The id of the order. */
    async buys({ id }: Pick<TestCustomer, 'id'>, ...products: string[]): Promise<string> {
      const order = orderOf(...(products.length > 0 ? products : ['cream', 'brush']));
      await system.track(id, 'Order Completed', order);
      return order.order_id;
    },
    /** `order outcome` of each run, the oldest first. */
    async runsOf({ customerId }: Pick<TestCustomer, 'customerId'>): Promise<string[]> {
      const runs = system.db.selectFrom('runs').select(['key', 'outcome']).where('customer_id', '=', customerId);
      const found = await runs.where('journey', '=', 'lifecycle').orderBy('entered_at').orderBy('id').execute();
      return found.map(({ key, outcome }) => `${key} ${outcome ?? 'live'}`);
    },
    /** Why somebody did not enter, by order. */
    async missedBy({ customerId }: Pick<TestCustomer, 'customerId'>): Promise<string[]> {
      const missed = system.db
        .selectFrom('not_entered')
        .select(['key', 'reason'])
        .where('customer_id', '=', customerId);
      const found = await missed.where('journey', '=', 'lifecycle').orderBy('first_at').execute();
      return found.map(({ key, reason }) => `${key} ${reason}`);
    },
  };
}
