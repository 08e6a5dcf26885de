import { type Kysely, sql } from 'kysely';
import type { DB } from './schema.ts';
import { statement } from './statement.ts';

/** Locks customers until the transaction ends, in the order of their ids, as all who lock several do: nobody waits in a circle.
 *  A statement of its own, before anything is read: in READ COMMITTED a statement sees what was committed when it *began*,
 *  not when it got the lock it waited for. */
export async function lockCustomers(trx: Kysely<DB>, ids: readonly string[]): Promise<void> {
  const [only = '', ...others] = new Set(ids);
  await (others.length === 0 ? lockingOne(trx, only) : lockingAll(trx, [only, ...others]));
}

const lockingOne = statement<string>((give) => sql`select 1 from customers where id = ${give((id) => id)} for update`);

const lockingAll = statement<readonly string[]>(
  (give) => sql`select 1 from customers where id = any(${give((ids) => ids)}::uuid[]) order by id for update`,
);
