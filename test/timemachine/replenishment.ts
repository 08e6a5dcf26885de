import { replenish } from '#activities/replenishment/job.ts';
import { releaseStarts } from '#activities/starts.ts';
import { type Deed, placed, track } from './scripts.ts';
import type { World } from './worlds.ts';

/** What the nightly job starts (J14), about a good that nobody else of the scripts buys. */

const day = 48;
const validFor = 'PT25H45M';
const customers = ['zina', 'zlata', 'zhanna'];

const orders = (who: string, at: number): Deed => {
  const products = [{ product_id: 'soap', quantity: 1, price: 10 }];
  const order = { order_id: `${who}-${at}`, total: 10, currency: 'RUB', products };
  return { at, who, act: track(who, 'Order Completed', order) };
};

async function stocked(world: World): Promise<void> {
  const offers = [{ region: '*', price: { amount: 10_000, currency: 'RUB' }, stock: 9 }];
  const item = { id: 'soap', name: 'soap', url: 'https://shop.example/soap', category: 'Used up', offers };
  await world.call('PUT', '/products', { items: [item] });
}

/** The job, and all starts that follow from it at once. */
function night(world: World): Promise<void> {
  return world.relay(async () => {
    await replenish(world.db, world.clock.now());
    return (await releaseStarts(world.db, world.clock.now(), 1_000)).rows;
  });
}

/** One lets both messages go, one buys after the first, one unsubscribes. */
export const replenishment = {
  settings: {
    consumables: { categories: ['Used up'], learnt: null },
    spreadOver: 'PT0S',
    series: [
      { message: 'running-out', after: 'PT0S', validFor },
      { message: 'run-out', after: 'P3D', validFor },
    ],
  },
  customers,
  deeds: [
    { at: placed(20 * day, 9), who: 'shop', act: stocked },
    ...customers.map((who, n) => orders(who, placed(20 * day + 2 * n + 2, 1))),
    { at: placed(64 * day, 14), who: 'shop', act: night },
    orders('zlata', placed(65 * day + 20, 2)),
    { at: placed(65 * day + 20, 3), who: 'zhanna', act: track('zhanna', 'Unsubscribed') },
    { at: placed(66 * day, 14), who: 'shop', act: night },
  ],
  seen: [
    /message replenishment stock-up-1 1 running-out email accepted/,
    /message replenishment stock-up-2 1 run-out email accepted/,
    /run replenishment +completed/,
    /run replenishment +goal/,
    /run replenishment +exited:unsubscribed/,
  ],
};
