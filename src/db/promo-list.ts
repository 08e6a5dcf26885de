import { type Kysely, type RawBuilder, sql } from 'kysely';
import { codeKey, type PromoSize } from '#domain/promo.ts';
import { insertCodes } from './promo-codes.ts';
import type { DB } from './schema.ts';

type Any = Kysely<DB>;

/** A pool's codes as the shop sees them. */
export interface CodeRow {
  seq: number;
  code: string;
  size: string;
  percent: number | null;
  amount: number | null;
  currency: string | null;
  customerId: string | null;
  journey: string | null;
  runId: string | null;
  step: string | null;
  issuedAt: Date | null;
  expiresAt: Date | null;
  redeemedAt: Date | null;
  redeemedOrder: string | null;
  /** Whose order it was; null where that is not on record. */
  redeemedBy: string | null;
}

export type CodeState = 'free' | 'issued' | 'redeemed';

const isIn: Readonly<Record<CodeState, RawBuilder<unknown>>> = {
  free: sql`c.issued_at is null and c.redeemed_at is null`,
  issued: sql`c.issued_at is not null and c.redeemed_at is null`,
  redeemed: sql`c.redeemed_at is not null`,
};

export interface CodeFilter {
  state?: CodeState;
  size?: string;
}

/** In the order in which they came to be. */
export function codesOfPool(db: Any, poolId: string, { state, size }: CodeFilter, after: number, limit: number) {
  const inState = state === undefined ? sql`true` : isIn[state];
  const ofSize = size === undefined ? sql`true` : sql`c.size = ${size}`;
  return codes(db, sql`c.pool_id = ${poolId} and c.seq > ${after} and ${inState} and ${ofSize}`, sql`limit ${limit}`);
}

/** Every code that these customers were given. */
export function codesOfCustomers(db: Any, ids: readonly string[]): Promise<CodeRow[]> {
  return codes(db, sql`c.customer_id = any(${[...ids]}::uuid[])`, sql``);
}

async function codes(db: Any, where: RawBuilder<unknown>, limit: RawBuilder<unknown>): Promise<CodeRow[]> {
  const { rows } = await sql<CodeRow>`
    select c.seq, c.code, c.size, c.percent, c.amount, c.currency, c.customer_id as "customerId", r.journey, c.run_id as "runId",
      c.block as step, c.issued_at as "issuedAt", c.expires_at as "expiresAt", c.redeemed_at as "redeemedAt",
      c.redeemed_order as "redeemedOrder", o.customer_id as "redeemedBy"
    from promo_codes c left join runs r on r.id = c.run_id left join orders o on o.order_id = c.redeemed_order
    where ${where} order by c.seq ${limit}`.execute(db);
  return rows;
}

/** What became of a code that was given to a pool: `known`, it was there already; `taken`, it is in another, or of another size. */
export type Imported = 'added' | 'known' | 'taken';

/** Adds codes to an imported pool, safe to repeat; the answers come in their order. */
export async function importCodes(
  db: Any,
  poolId: string,
  given: readonly { code: string; size: PromoSize }[],
): Promise<Imported[]> {
  return db.transaction().execute(async (trx) => {
    const keys = given.map(({ code }) => codeKey(code));
    const before = new Set((await held(trx, keys)).map(({ key }) => key));
    for (const [size, ofSize] of Map.groupBy(given, (one) => one.size))
      await insertCodes(
        trx,
        poolId,
        size.name,
        ofSize.map(({ code }) => ({ code, worth: size })),
      );
    const now = new Map((await held(trx, keys)).map((row) => [row.key, row]));
    // Whoever turned away before them is out of date.
    await sql`update promo_pools set empty_at = null where id = ${poolId} and empty_at is not null`.execute(trx);
    return given.map(({ size }, index) => {
      const key = keys[index] ?? '';
      const row = now.get(key);
      if (row?.poolId !== poolId || row.size !== size.name) return 'taken';
      return before.has(key) || keys.indexOf(key) < index ? 'known' : 'added';
    });
  });
}

async function held(trx: Any, keys: readonly string[]) {
  const { rows } = await sql<{ key: string; poolId: string; size: string }>`
    select key, pool_id as "poolId", size from promo_codes where key = any(${[...keys]}::text[])`.execute(trx);
  return rows;
}
