import { setTimeout as sleep } from 'node:timers/promises';
import type { ShopClient } from './shopper.ts';

/** Items that exist once, and customers who wait for them, while everything around them breaks (J9). */
export interface Queuers {
  /** Goes on until `isOver`; then every item is sold, so that everybody's waiting ends. */
  queue(): Promise<void>;
  /** Rounds that were played: an item went out, was waited for, and came back. */
  readonly rounds: number;
}

export interface QueuersOptions {
  client: ShopClient;
  dice: () => number;
  isOver(): boolean;
  /** How many letters somebody has got. */
  lettersTo(userId: string): number;
}

export const queuedItems = ['bag', 'watch', 'coat'] as const;

const inARound = 3;

export function createQueuers({ client, dice, isOver, lettersTo }: QueuersOptions): Queuers {
  let rounds = 0;
  let calls = 0;
  const track = (userId: string, event: string, properties: object) =>
    client.call('track', `queues-${++calls}`, { userId, event, properties });

  async function join(item: string, userId: string): Promise<void> {
    await client.call('identify', `queues-${++calls}`, { userId, traits: { email: `${userId}@example.com` } });
    await track(userId, 'Queue Joined', { product_id: item });
    // A site that was not sure says it again.
    if (dice() < 0.3) await track(userId, 'Queue Joined', { product_id: item });
  }

  /** Whoever of them got an offer first, or nobody: it may have gone to somebody who waits since earlier. */
  async function offered(waiting: readonly string[]): Promise<string | null> {
    for (let tries = 0; tries < 40 && !isOver(); tries++) {
      const first = waiting.find((userId) => lettersTo(userId) > 0);
      if (first !== undefined) return first;
      await sleep(50);
    }
    return null;
  }

  async function round(item: string, keeper: string, count: number): Promise<void> {
    await track(keeper, 'Item Sent To Fitting', { product_id: item });
    const waiting = Array.from({ length: inARound }, (_, place) => `queuer-${item}-${count}-${place}`);
    for (const userId of waiting) await join(item, userId);
    await track(keeper, 'Item Returned', { product_id: item });
    const holder = await offered(waiting);
    const does = Math.floor(dice() * 4);
    if (holder !== null && does === 0) await order(item, holder, count);
    if (does === 1) await order(item, keeper, count);
    if (holder !== null && does === 2) await track(holder, 'Queue Left', { product_id: item });
    rounds += 1;
  }

  const order = (item: string, userId: string, count: number) => {
    const products = [{ product_id: item, quantity: 1, price: 1000 }];
    return track(userId, 'Order Completed', { order_id: `${item}-${count}`, total: 1000, currency: 'RUB', products });
  };

  async function attend(item: string): Promise<void> {
    const keeper = `keeper-of-${item}`;
    for (let count = 0; !isOver(); count++) await round(item, keeper, count);
    await track(keeper, 'Item Sold', { product_id: item });
  }

  return {
    get rounds() {
      return rounds;
    },
    queue: async () => void (await Promise.all(queuedItems.map(attend))),
  };
}
