import { messageToken } from '#rendering/tokens.ts';
import { secret } from '#test/support/journeys.ts';
import { isOffered } from '#test/support/offers.ts';
import { seeded } from '#test/system/shopper.ts';
import type { World } from './worlds.ts';

// Seeded customers: what each does, and when, over a week and a half.

/** A customer's deeds come at minutes that no other deed, and no timer that another deed has set, shares: waits are whole
 *  half hours, and a deed has a place in the half hour of its own. So the seconds by which a server drifts decide nothing. */
export const placeMinutes = 3;
const deedsEach = 9;

interface Deed {
  /** Minutes since the beginning. */
  at: number;
  who: string;
  act(world: World): Promise<void>;
}

type Random = () => number;

const products = ['lamp', 'shade', 'rug', 'carpet'];
const person =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36';

export async function stockShop(world: World): Promise<void> {
  const offers = [{ region: '*', price: { amount: 100_000, currency: 'RUB' }, stock: 9 }];
  const items = products.map((id) => ({
    id,
    name: id,
    url: `https://shop.example/${id}`,
    category: id.length > 4 ? 'Soft' : 'Hard',
    offers,
  }));
  await world.call('PUT', '/products', { items });
}

/** Half of the customers come by with a phone and messengers. */
export async function register(world: World, who: string, number: number): Promise<void> {
  const phone = number % 2 === 0 ? { phone: `+7916${String(number).padStart(7, '0')}` } : {};
  await world.send('identify', { userId: who, traits: { email: `${who}@example.com`, ...phone } });
  if (number % 2 !== 0) return;
  for (const channel of ['viber', 'sms'])
    await world.send('track', { userId: who, event: 'Subscribed', properties: { channel } });
}

function deed(who: string, random: Random): Deed['act'] {
  const product = products[Math.floor(random() * products.length)] ?? 'lamp';
  const track = (event: string, properties: object) => (world: World) =>
    world.send('track', { userId: who, event, properties });
  const order = {
    order_id: `${who}-${random()}`,
    total: 10,
    currency: 'RUB',
    products: [{ product_id: product, quantity: 1, price: 10 }],
  };
  const deeds: [number, Deed['act']][] = [
    [5, track('Product Added', { product_id: product, quantity: 1 })],
    [3, track('Product Viewed', { product_id: product })],
    [2, track('Product Added to Wishlist', { product_id: product })],
    [2, track('Product List Viewed', { category: 'Hard' })],
    [1, track('Product Removed', { product_id: product, quantity: 1 })],
    [1, track('Order Completed', order)],
    [1, (world) => world.send('page', { userId: who })],
    [
      2,
      (world) =>
        onLast(world, who, (id) =>
          world.visit(`/t/o/${messageToken(secret, id, 'o')}.gif`, { headers: { 'user-agent': person } }),
        ),
    ],
    [
      1,
      (world) =>
        onLast(world, who, (id) =>
          world.visit(`/u/${messageToken(secret, id, 'u')}`, {
            method: 'POST',
            body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
          }),
        ),
    ],
    [1, track('Subscribed', { channel: 'email' })],
    [
      2,
      (world) =>
        onLast(
          world,
          who,
          (id) => world.visit(`/confirm/${messageToken(secret, id, 'y')}`, { method: 'POST' }),
          'confirm',
        ),
    ],
  ];
  const lots = deeds.flatMap(([weight, act]) => Array.from({ length: weight }, () => act));
  return lots[Math.floor(random() * lots.length)] ?? (() => Promise.resolve());
}

/** Of the customer's last message, where there is one. */
async function onLast(world: World, who: string, act: (id: string) => Promise<void>, template?: string): Promise<void> {
  const sent = world.db
    .selectFrom('messages')
    .innerJoin('profiles', 'profiles.customer_id', 'messages.customer_id')
    .select('messages.id')
    .where('profiles.email', '=', `${who}@example.com`)
    .where('channel', '=', 'email')
    .orderBy('accepted_at', 'desc');
  const last = await (template ? sent.where('template', '=', template) : sent).executeTakeFirst();
  if (last) await act(last.id);
}

/** Deeds of some customers, in the order of their time. */
export function scriptOf(seed: number, customers: readonly string[]): Deed[] {
  const random = seeded(seed);
  const deeds = customers.flatMap((who) => {
    let halfHours = 0;
    return Array.from({ length: deedsEach }, (_, place) => {
      // Mostly soon, sometimes days later.
      halfHours += 1 + Math.floor(random() ** 4 * 150);
      return { at: halfHours * 30 + (place + 1) * placeMinutes, who, act: deed(who, random) };
    });
  });
  return deeds.sort((a, b) => a.at - b.at);
}

/** Items of the queue that some customers are offered, one after the other, in a place that no deed has; every third orders
 *  something ten hours later. */
export function offersTo(customers: readonly string[]): Deed[] {
  return customers.flatMap((who, number): Deed[] => {
    const at = (number + 1) * 31 * 30 + (deedsEach + 0.5) * placeMinutes;
    const properties = { order_id: `${who}-after-all`, products: [{ product_id: 'rug', quantity: 1, price: 10 }] };
    const orders = (world: World) => world.send('track', { userId: who, event: 'Order Completed', properties });
    const offer = async (world: World) => {
      const query = world.db.selectFrom('profiles').select('customer_id').where('email', '=', `${who}@example.com`);
      const { customer_id } = await query.executeTakeFirstOrThrow();
      const item = products[number % 2] ?? 'lamp';
      await world.relay(() => isOffered(world.db, world.clock, customer_id, item));
    };
    return [{ at, who, act: offer }, ...(number % 3 === 2 ? [{ at: at + 600, who, act: orders }] : [])];
  });
}

const minute = 60_000;

export async function play(world: World, deeds: readonly Deed[], days: number): Promise<void> {
  let now = 0;
  for (const { at, act } of deeds) {
    await world.pass((at - now) * minute);
    now = at;
    await act(world);
  }
  await world.pass(days * 1_440 * minute - now * minute);
}
