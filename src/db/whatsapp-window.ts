import { type Kysely, sql } from 'kysely';
import type { Trx } from './connect.ts';
import type { Known } from './provider-events.ts';
import type { DB } from './schema.ts';

/** Meta's is 24 h; a message that is on its way when it closes would be refused. */
const windowMs = (24 * 60 - 10) * 60_000;

/** Notes who wrote to the shop on WhatsApp, and when. Their rows are locked. */
export async function openWindows(trx: Trx, events: readonly Known[]): Promise<void> {
  const wrote = events.filter(
    ({ kind, channel, customerId }) => kind === 'wrote' && channel === 'whatsapp' && customerId,
  );
  if (wrote.length === 0) return;
  await sql`
    update customers c set whatsapp_at = greatest(c.whatsapp_at, w.at)
    from (select id, max(at) as at from unnest(${wrote.map(({ customerId }) => customerId)}::uuid[],
      ${wrote.map(({ at }) => at.toISOString())}::timestamptz[]) as told (id, at) group by id) w
    where c.id = w.id and c.erased_at is null and c.merged_into is null`.execute(trx);
}

/** Whether whoever has this phone (E.164) wrote on WhatsApp so lately that we may write freely. `now` is business time. */
export async function whatsappWindowOpen(db: Kysely<DB>, phone: string, now: Date): Promise<boolean> {
  const customer = db
    .selectFrom('identities')
    .innerJoin('customers', 'customers.id', 'identities.customer_id')
    .select('customers.id')
    .where('identities.kind', '=', 'phone')
    .where('identities.value', '=', phone)
    .where('whatsapp_at', '>', new Date(now.getTime() - windowMs));
  return (await customer.executeTakeFirst()) !== undefined;
}
