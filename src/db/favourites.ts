import type { Who } from '#domain/events.ts';
import type { Db } from './connect.ts';

const kinds = { userId: 'user_id', anonymousId: 'anonymous_id', email: 'email', phone: 'phone' } as const;

/** Products on the personal wish list of whoever is named; by the surest of the names that is known. */
export async function favouritesOf(db: Db, who: Who): Promise<string[]> {
  for (const [field, kind] of Object.entries(kinds)) {
    const value = who[field as keyof typeof kinds];
    if (value === undefined) continue;
    const identity = db.selectFrom('identities').select('customer_id').where('kind', '=', kind);
    const owner = await identity.where('value', '=', value).executeTakeFirst();
    if (!owner) continue;
    const query = db.selectFrom('interests').select('ref').where('customer_id', '=', owner.customer_id);
    const mine = query.where('profile', '=', 'personal').where('kind', '=', 'favourite');
    const rows = await mine.where('removed_at', 'is', null).orderBy('ref').execute();
    return rows.map(({ ref }) => ref);
  }
  return [];
}
