import type { Insertable } from 'kysely';
import type { Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import type { DB } from '#db/schema.ts';

type Message = Insertable<DB['messages']>;

/** Messages as the ledger has them, planted: accepted e-mails of abandonment, where `given` does not say otherwise. */
export async function plantMessages(
  db: Db,
  given: readonly (Partial<Message> & { customer_id: string; reserved_at: Date })[],
): Promise<void> {
  const rows = given.map((message) => ({
    id: newId(message.reserved_at),
    journey: 'abandonment',
    block: 'cart-1',
    channel: 'email',
    template: 'cart-reminder',
    locale: 'en',
    class: 'abandonment',
    kind: 'marketing',
    counts: true,
    state: 'accepted',
    settings_version: 0,
    due_at: message.reserved_at,
    accepted_at: message.reserved_at,
    ...message,
  }));
  for (let start = 0; start < rows.length; start += 500)
    await db
      .insertInto('messages')
      .values(rows.slice(start, start + 500))
      .execute();
}

export async function plantCustomer(db: Db, at: Date, traits: Record<string, unknown> = {}): Promise<string> {
  const id = newId(at);
  await db
    .insertInto('customers')
    .values({ id, traits: JSON.stringify(traits), created_at: at })
    .execute();
  return id;
}
