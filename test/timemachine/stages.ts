import { jobs } from '#activities/jobs.ts';
import { releaseStarts } from '#activities/starts.ts';
import { orderOf } from '#test/support/customers.ts';
import { type Deed, placed, track } from './scripts.ts';
import type { World } from './worlds.ts';

/** Journeys that lifecycle stages and new models start: by recomputes at times that no order can be a stage's interval before. */

const day = 48;
/** No deed has it. */
const night = 14;
const validFor = 'PT25H45M';

/** A recompute, and all starts that follow from it at once. */
const recompute = (days: number): Deed => ({
  at: placed(days * day, night),
  who: 'shop',
  act: (world) =>
    world.relay(async () => {
      await jobs.metrics(world.db, world.clock.now());
      return (await releaseStarts(world.db, world.clock.now(), 1_000)).rows;
    }),
});

const orders = (who: string, at: number, product = 'rug'): Deed => ({
  at,
  who,
  act: track(who, 'Order Completed', { ...orderOf(product), order_id: `${who}-${at}` }),
});

function pool(name: string, pattern: string) {
  return { name, sizes: [{ percent: 5 }], expiry: { after: 'P17D' }, generated: { pattern, ahead: 2 } };
}

/** One stays away, one orders after the code, one unsubscribes. */
export const atRisk = {
  settings: {
    enabled: true,
    spreadOver: 'PT0S',
    promo: { pool: 'at-risk' },
    branches: {
      b2c: {
        series: [
          { message: 'promo', after: 'PT0S', validFor },
          { message: 'promo-ends', after: 'P14D', validFor },
        ],
      },
    },
  },
  promo: pool('at-risk', 'RISK-??????'),
  customers: ['yakov', 'yana', 'yulia'],
  deeds: [
    ...['yakov', 'yana', 'yulia'].map((who, n) => orders(who, placed(day + n, 1))),
    recompute(60),
    recompute(130),
    orders('yana', placed(135 * day, 2)),
    { at: placed(135 * day, 3), who: 'yulia', act: track('yulia', 'Unsubscribed') },
  ],
  seen: [
    /message at-risk promo-ends 1 promo-ends email accepted/,
    /run at-risk personal:\S+ completed/,
    /run at-risk personal:\S+ goal/,
    /run at-risk personal:\S+ exited:unsubscribed/,
  ],
};

/** Two own what a new one replaces; one of them has the new one. */
export const newModel = {
  settings: { enabled: true, spreadOver: 'PT0S', series: [{ message: 'new-model', after: 'PT0S', validFor }] },
  customers: ['yefim', 'yegor'],
  deeds: [
    ...['yefim', 'yegor'].map((who, n) => orders(who, placed(day + n, 1), 'lamp')),
    { at: placed(20 * day, 4), who: 'shop', act: presents },
    orders('yegor', placed(20 * day, 5), 'lantern'),
    recompute(21),
  ],
  seen: [/message new-model new-model 1 new-model email accepted/, /run new-model lantern completed/],
};

async function presents(world: World): Promise<void> {
  const offers = [{ region: '*', price: { amount: 200_000, currency: 'RUB' }, stock: 9 }];
  const lantern = { id: 'lantern', name: 'lantern', url: 'https://shop.example/lantern', category: 'Hard', offers };
  await world.call('PUT', '/products', { items: [{ ...lantern, attributes: { replaces: 'lamp' } }] });
}

/** Lost, and still so in the next quarter. */
export const winBack = {
  settings: {
    enabled: true,
    spreadOver: 'PT0S',
    apart: 'PT0S',
    promo: { pool: 'win-back' },
    branches: { b2c: { series: [{ message: 'offer', after: 'PT0S', validFor }] } },
  },
  promo: pool('win-back', 'AGAIN-??????'),
  customers: ['yaroslav'],
  deeds: [orders('yaroslav', placed(day, 1)), recompute(270), recompute(363)],
  seen: [/message win-back offer 1 offer email accepted/, /run win-back personal:\d+-Q\d completed/],
};
