import { spreadWishNews } from '#activities/item-event/spread.ts';
import { releaseStarts } from '#activities/starts.ts';
import { orderOf } from '#test/support/customers.ts';
import { type Deed, placed, track } from './scripts.ts';
import type { World } from './worlds.ts';

/** What better offers start (J15), about a product that nobody else of the scripts comes across. */

const day = 48;
const validFor = 'PT25H45M';
const customers = ['efim', 'elena', 'emma'];
/** No deed has it. */
const night = 14;

async function offered(world: World, price: number, stock: number): Promise<void> {
  const offers = [{ region: '*', price: { amount: price, currency: 'RUB' }, stock }];
  const item = { id: 'kettle', name: 'kettle', url: 'https://shop.example/kettle', category: 'Awaited', offers };
  await world.call('PUT', '/products', { items: [item] });
}

/** The offer, who cares for it, and all starts that follow from it at once. */
const becomes = (days: number, price: number, stock: number): Deed => ({
  at: placed(days * day, night),
  who: 'shop',
  async act(world) {
    await offered(world, price, stock);
    await world.relay(async () => {
      await spreadWishNews(world.db, world.clock.now());
      return (await releaseStarts(world.db, world.clock.now(), 1_000)).rows;
    });
  },
});

const does = (who: string, at: number, event: string, properties: object = { product_id: 'kettle' }): Deed => ({
  at,
  who,
  act: track(who, event, properties),
});

/** One is told, and later of the price; one buys before it is told, one unsubscribes. */
export const itemEvent = {
  settings: { validFor },
  customers,
  deeds: [
    becomes(20, 100_000, 0),
    ...customers.map((who, n) => does(who, placed(21 * day + 2 * n, 1), 'Back In Stock Requested')),
    becomes(22, 100_000, 9),
    does('elena', placed(22 * day + 1, 2), 'Order Completed', { ...orderOf('kettle'), order_id: 'elena-kettle' }),
    does('emma', placed(22 * day + 1, 3), 'Unsubscribed', {}),
    does('efim', placed(30 * day, 1), 'Product Added to Wishlist'),
    becomes(40, 80_000, 9),
  ],
  seen: [
    /message item-event news 1 back-in-stock email accepted/,
    /message item-event news 1 price-drop email accepted/,
    /run item-event +completed/,
    /run item-event +goal/,
    /run item-event +exited:unsubscribed/,
  ],
};
