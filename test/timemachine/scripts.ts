import { messageToken } from '#rendering/tokens.ts';
import { secret } from '#test/support/journeys.ts';
import { seeded } from '#test/system/shopper.ts';
import type { World } from './worlds.ts';

// Seeded customers: what each does, and when, over a week and a half.

/** A customer's deeds come at minutes that no other deed of theirs, and no timer that another one has set, shares: waits are whole
 *  half hours, and each deed has a place in the half hour of its own. So the seconds by which a server drifts decide nothing. */
export const placeMinutes = 2;
const halfHour = 30;
const deedsEach = 9;

export interface Deed {
  /** Minutes since the beginning. */
  at: number;
  who: string;
  act(world: World): Promise<unknown>;
}

/** When so many half hours have passed, in one of its places from 1 on: the first is who comes by for the first time. */
export const placed = (halfHours: number, place: number) => halfHours * halfHour + place * placeMinutes;

export const track =
  (userId: string, event: string, properties: object = {}): Deed['act'] =>
  (world) =>
    world.send('track', { userId, event, properties });

type Random = () => number;

const products = ['lamp', 'shade', 'rug', 'carpet'];
/** Nobody comes across it but who waits for it. */
export const oneOfAKind = 'vase';
const person =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36';

export async function stockShop(world: World): Promise<void> {
  const offers = [{ region: '*', price: { amount: 100_000, currency: 'RUB' }, stock: 9 }];
  const items = [...products, oneOfAKind].map((id) => ({
    id,
    name: id,
    url: `https://shop.example/${id}`,
    category: id.length > 4 ? 'Soft' : 'Hard',
    offers,
  }));
  await world.call('PUT', '/products', { items });
}

/** The customers come by, one after the other; half of them with a phone and messengers. */
export function registered(customers: readonly string[]): Deed[] {
  return customers.map((who, number) => ({ at: placed(number % 40, 0), who, act: register(who, number) }));
}

function register(who: string, number: number): Deed['act'] {
  return async (world) => {
    const phone = number % 2 === 0 ? { phone: `+7916${String(number).padStart(7, '0')}` } : {};
    await world.send('identify', { userId: who, traits: { email: addressOf(who), ...phone } });
    if (number % 2 !== 0) return;
    for (const channel of ['viber', 'sms']) await track(who, 'Subscribed', { channel })(world);
  };
}

function deed(who: string, random: Random): Deed['act'] {
  const product = products[Math.floor(random() * products.length)] ?? 'lamp';
  const does = (event: string, properties: object) => track(who, event, properties);
  const order = {
    order_id: `${who}-${random()}`,
    total: 10,
    currency: 'RUB',
    products: [{ product_id: product, quantity: 1, price: 10 }],
  };
  const deeds: [number, Deed['act']][] = [
    [5, does('Product Added', { product_id: product, quantity: 1 })],
    [3, does('Product Viewed', { product_id: product })],
    [2, does('Product Added to Wishlist', { product_id: product })],
    [2, does('Product List Viewed', { category: 'Hard' })],
    [1, does('Product Removed', { product_id: product, quantity: 1 })],
    [1, does('Order Completed', order)],
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
    [1, does('Subscribed', { channel: 'email' })],
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

/** Of the customer's last letter, where there is one. */
export async function onLast(
  world: World,
  who: string,
  act: (id: string) => Promise<void>,
  template?: string,
): Promise<void> {
  const sent = world.db
    .selectFrom('messages')
    .innerJoin('profiles', 'profiles.customer_id', 'messages.customer_id')
    .select('messages.id')
    .where('profiles.email', '=', addressOf(who))
    .where('channel', '=', 'email')
    .orderBy('accepted_at', 'desc');
  const last = await (template ? sent.where('template', '=', template) : sent).executeTakeFirst();
  if (last) await act(last.id);
}

export async function customerOf(world: World, who: string): Promise<string> {
  const query = world.db.selectFrom('profiles').select('customer_id').where('email', '=', addressOf(who));
  return (await query.executeTakeFirstOrThrow()).customer_id;
}

const addressOf = (who: string) => `${who}@example.com`;

/** Everybody has come by then. */
const dayOfComing = 48;

/** Deeds of some customers, drawn by lot. */
export function shoppers(seed: number, customers: readonly string[]): Deed[] {
  const random = seeded(seed);
  return customers.flatMap((who) => {
    let halfHours = dayOfComing;
    return Array.from({ length: deedsEach }, (_, place) => {
      // Mostly soon, sometimes days later.
      halfHours += 1 + Math.floor(random() ** 4 * 150);
      return { at: placed(halfHours, place + 1), who, act: deed(who, random) };
    });
  });
}

const minute = 60_000;

/** Does all that in the order of its time, and lets the rest of the days pass. */
export async function play(world: World, since: number, deeds: readonly Deed[], days: number): Promise<void> {
  for (const { at, act } of deeds.toSorted((a, b) => a.at - b.at)) {
    await world.until(since + at * minute);
    await act(world);
  }
  await world.until(since + days * 1_440 * minute);
}
