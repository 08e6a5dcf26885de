import { sql } from 'kysely';
import type { Db, Trx } from '#db/connect.ts';
import { goodFields } from '#db/goods.ts';
import { type SettingsRef, settingsValues, type Versioned } from '#db/remembered.ts';
import { statement } from '#db/statement.ts';
import type { Good } from '#domain/intent.ts';

/** The version of its journey's settings that a run entered with; null where the defaults hold. */
export async function versionOfRun(db: Db | Trx, runId: string): Promise<Versioned | null> {
  const [ref = null] = await versioning(db, runId);
  return (await settingsValues(db, { ref })).ref;
}

const versioning = statement<string, SettingsRef>(
  (give) => sql`
    select s.id, s.version from runs r join settings s on s.name = r.journey and s.version = r.settings_version
    where r.id = ${give((runId) => runId)}`,
);

/** The item with its offer in the region, whether it can be bought just now or not; null where the catalogue does not have it. */
export async function itemGood(db: Db | Trx, itemId: string, region: string | null): Promise<Good | null> {
  return (await offering(db, { itemId, region }))[0]?.good ?? null;
}

const offering = statement<{ itemId: string; region: string | null }, { good: Good }>((give) => {
  const [id, region] = [give(({ itemId }) => itemId), sql`${give((asked) => asked.region)}::text`];
  return sql`
    select ${goodFields} as good from (
      select * from products where id = ${id} union all select * from products where sku = ${id} limit 1) p
    join lateral (
      select * from offers where product_id = p.id order by region = ${region} desc nulls last, region = '*' desc, region limit 1) o on true`;
});
