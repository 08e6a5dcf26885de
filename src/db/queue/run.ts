import { sql } from 'kysely';
import type { Db, Trx } from '#db/connect.ts';
import { goodFields } from '#db/goods.ts';
import type { Good } from '#domain/intent.ts';

/** The version of its journey's settings that a run entered with; null where the defaults hold. */
export async function versionOfRun(db: Db | Trx, runId: string): Promise<{ version: number; value: unknown } | null> {
  const { rows } = await sql<{ version: number; value: unknown }>`
    select s.version, s.value from runs r join settings s on s.name = r.journey and s.version = r.settings_version
    where r.id = ${runId}`.execute(db);
  return rows[0] ?? null;
}

/** The item with its offer in the region, whether it can be bought just now or not; null where the catalogue does not have it. */
export async function itemGood(db: Db | Trx, itemId: string, region: string | null): Promise<Good | null> {
  const { rows } = await sql<{ good: Good }>`
    select ${goodFields} as good from (
      select * from products where id = ${itemId} union all select * from products where sku = ${itemId} limit 1) p
    join lateral (
      select * from offers where product_id = p.id order by region = ${region} desc nulls last, region = '*' desc, region limit 1) o on true`.execute(
    db,
  );
  return rows[0]?.good ?? null;
}
