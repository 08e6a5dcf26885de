import { sql } from 'kysely';
import type { Db } from '#db/connect.ts';

/** Whether the catalogue has it, by id or sku. */
export async function isKnownProduct(db: Db, id: string): Promise<boolean> {
  const { rows } = await sql`
    select from products where id = ${id} union all select from products where sku = ${id} limit 1`.execute(db);
  return rows.length > 0;
}
