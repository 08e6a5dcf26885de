import type { Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import type { Clock } from '#domain/clock.ts';
import type { Entry } from '#domain/journey.ts';

/** A clock that stands until it is set. Scale 1. */
export function manualClock(start: Date): Clock & { set(at: Date | number): void } {
  let current = start;
  return {
    time: { origin: 0, scale: 1 },
    now: () => current,
    set: (at) => {
      current = new Date(at);
    },
  };
}

/** A customer with one available product in the cart, and the entry that its abandonment starts with. */
export async function seedCart(
  db: Db,
  at: Date,
  email = `${newId(at)}@example.com`,
): Promise<Entry & { email: string }> {
  const customerId = newId(at);
  const product = `lamp-${customerId}`;
  await db.insertInto('customers').values({ id: customerId, created_at: at }).execute();
  await db
    .insertInto('profiles')
    .values({ customer_id: customerId, kind: 'personal', email, last_activity_at: at, activity_seq: 1 })
    .execute();
  await db
    .insertInto('products')
    .values({
      id: product,
      name: 'Lamp',
      url: 'https://shop.example/lamp',
      category: 'Lamps',
      published_at: at,
      updated_at: at,
    })
    .execute();
  await db
    .insertInto('offers')
    .values({ product_id: product, price: 129_900, currency: 'RUB', stock: 3, updated_at: at })
    .execute();
  await db
    .insertInto('cart_items')
    .values({
      customer_id: customerId,
      profile: 'personal',
      product_id: product,
      quantity: 1,
      added_at: at,
      updated_at: at,
    })
    .execute();
  const time = { origin: 0, scale: 1 };
  return { journey: 'abandonment', customerId, key: 'personal', triggerAt: at.toISOString(), time, email };
}
