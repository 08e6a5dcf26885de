import { type RawBuilder, sql } from 'kysely';
import type { Value } from '#db/statement.ts';

/** Whom early access is judged for, and what is hidden now: goods published from `from` on and before `to`; null: none. */
export interface Looking {
  customerId: Value<string | null>;
  /** Null: whether the customer has a user id or an e-mail. */
  registered: Value<boolean | null>;
  from: Value<Date | null>;
  to: Value<Date | null>;
}

/** Whether early access lets them see the product `p`. */
export function isVisible({ customerId, registered, from, to }: Looking): RawBuilder<boolean> {
  return sql`(
    p.published_at < coalesce(${from}::timestamptz, 'infinity') or p.published_at >= ${to}::timestamptz
    or coalesce(${registered}::boolean, exists (
      select from identities where customer_id = ${customerId}::uuid and kind in ('user_id', 'email'))))`;
}
