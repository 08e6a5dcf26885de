import type { Who } from '#domain/events.ts';
import type { ProfileKind } from '#domain/journey.ts';
import type { Db } from './connect.ts';

export interface OrderOnRecord {
  profile: ProfileKind;
  /** Minor units. */
  total: number;
  currency: string;
  /** An identity of the customer; null where none is left. */
  who: Who | null;
}

/** The steadiest first: a login does not change as addresses do. */
const fields = { user_id: 'userId', anonymous_id: 'anonymousId', email: 'email', phone: 'phone' } as const;

/** An order and whose it is, for news that name nobody; null where no such order is known. */
export async function orderOnRecord(db: Db, orderId: string): Promise<OrderOnRecord | null> {
  const query = db.selectFrom('orders').select(['customer_id', 'profile', 'total', 'currency']);
  const order = await query.where('order_id', '=', orderId).executeTakeFirst();
  if (!order) return null;
  const identities = await db
    .selectFrom('identities')
    .select(['kind', 'value'])
    .where('customer_id', '=', order.customer_id)
    .orderBy('since', 'desc')
    .execute();
  const kind = Object.keys(fields).find((one) => identities.some((identity) => identity.kind === one));
  const value = identities.find((identity) => identity.kind === kind)?.value;
  const who = kind === undefined || value === undefined ? null : { [fields[kind as keyof typeof fields]]: value };
  const profile = order.profile === 'corporate' ? 'corporate' : 'personal';
  return { profile, total: order.total, currency: order.currency, who };
}
