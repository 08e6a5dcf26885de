import type { Trx } from '#db/connect.ts';
import type { Facts } from '#db/facts.ts';
import { type Purchase, readPurchase } from '#db/purchases.ts';
import { readOrderKey } from '#domain/order-state.ts';

/** Facts with the order that the run follows; null where the customer has no such order. */
type PurchaseFacts = Facts & { purchase: Purchase | null };

export function purchaseOf(facts: Facts): Purchase | null {
  return (facts as PurchaseFacts).purchase;
}

/** The goal is another order, after this one: that which started the run is none. */
export async function loadPurchase(trx: Trx, facts: Facts, key: string): Promise<Facts> {
  const orderId = readOrderKey(key)?.orderId ?? '';
  const purchase = await readPurchase(trx, { customerId: facts.customer.id, orderId });
  return { ...facts, purchase, ordered: purchase?.isFollowed ?? false } as PurchaseFacts;
}
