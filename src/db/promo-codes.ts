import { createHmac } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Money } from '#domain/money.ts';
import {
  codeKey,
  codeOf,
  expiryOf,
  type GivenCode,
  type PromoExpiry,
  type PromoSize,
  type PromoSubject,
  type Worth,
} from '#domain/promo.ts';
import type { Trx } from './connect.ts';
import { epochMs } from './instants.ts';
import type { DB } from './schema.ts';

/** Issuing promo codes, under the customer's lock. */

/** What a pool says that codes are taken from. */
export interface IssuingPool {
  id: string;
  name: string;
  sizes: PromoSize[];
  expiry: PromoExpiry;
  generated: { pattern: string; ahead: number; most: number | null } | null;
}

/** A code that was given to the customer by this run, or by one that this run has taken the place of after a merge. */
export interface RunCode extends GivenCode {
  runId: string;
  block: string;
  iteration: number;
}

export interface PromoRead {
  pool: IssuingPool | null;
  subject: PromoSubject;
  /** The newest first. */
  given: RunCode[];
}

/** All that giving a code depends on, in one statement. */
export async function readPromo(trx: Trx, pool: string, customerId: string, runId: string): Promise<PromoRead> {
  const { rows } = await sql<{ read: Omit<PromoRead, 'given'> & { given: (CodeJson & RunCode)[] } }>`
    select json_build_object(
      'pool', (select json_build_object('id', id, 'name', name, 'sizes', sizes, 'expiry', expiry, 'generated',
          case when kind = 'generated' then json_build_object('pattern', pattern, 'ahead', ahead, 'most', most) end)
        from promo_pools where name = ${pool}),
      'subject', json_build_object('kind', c.kind, 'region', c.region, 'locale', c.locale,
        'orders', (select count(*) from orders o where o.customer_id = c.id and o.state = 'placed'),
        'spent', (select coalesce(sum(total), 0) from orders o where o.customer_id = c.id and o.state = 'placed'),
        'segments', array(select s.name from segment_members m join segments s on s.id = m.segment_id where m.customer_id = c.id)),
      'given', coalesce((
        select json_agg(json_build_object('code', p.code, 'percent', p.percent, 'amount', p.amount, 'currency', p.currency,
          'expires', ${epochMs(sql`p.expires_at`)}, 'redeemed', p.redeemed_at is not null,
          'runId', p.run_id, 'block', p.block, 'iteration', p.iteration) order by p.issued_at desc, p.seq desc)
        from promo_codes p join runs r on r.id = p.run_id join promo_pools o on o.id = p.pool_id
        join runs this on this.id = ${runId}
        where p.customer_id = c.id and o.name = ${pool} and (r.id = this.id
          or (r.outcome = 'exited:merged' and r.journey = this.journey and r.key = this.key))), '[]')) as read
    from customers c where c.id = ${customerId}`.execute(trx);
  const read = rows[0]?.read;
  if (read === undefined) throw new Error(`no customer ${customerId}: promo codes are given under the customer's lock`);
  return { ...read, given: read.given.map((row) => ({ ...row, worth: worthOf(row) })) };
}

interface CodeJson {
  percent: number | null;
  amount: number | null;
  currency: string | null;
}

export function worthOf({ percent, amount, currency }: CodeJson): Worth {
  if (percent !== null) return { percent };
  return { amount: { amount: amount ?? 0, currency: currency ?? '' } satisfies Money };
}

/** For which step of which run a code is taken. */
export interface Taking {
  customerId: string;
  runId: string;
  block: string;
  iteration: number;
  at: Date;
}

/**
 * Takes a free code of the size, whatever others take at the same moment; null where the pool is empty. Only when all free ones
 * are in others' hands does it wait for them: one may come back. Generated codes are made when there are none ahead.
 */
export async function takeCode(
  trx: Trx,
  pool: IssuingPool,
  size: PromoSize,
  taking: Taking,
): Promise<GivenCode | null> {
  const taken = await take(trx, pool, size, taking, 'skip');
  if (taken !== null) return taken;
  // Who has waited holds every code that it waited for, also those that others took after all. So whoever may wait for a code has
  // the pool's lock before: else one would wait for the pool with codes in hand, and the other way round.
  const made = pool.generated === null ? 0 : await makeCodes(trx, pool.id, size, pool.generated.ahead);
  return (made > 0 ? await take(trx, pool, size, taking, 'skip') : null) ?? take(trx, pool, size, taking, 'wait');
}

async function take(
  trx: Trx,
  pool: IssuingPool,
  { name }: PromoSize,
  { customerId, runId, block, iteration, at }: Taking,
  locked: 'skip' | 'wait',
): Promise<GivenCode | null> {
  const expires = new Date(expiryOf(pool.expiry, at.getTime()));
  const { rows } = await sql<CodeJson & { code: string }>`
    with free as (
      select key from promo_codes where pool_id = ${pool.id} and size = ${name} and issued_at is null and redeemed_at is null
      order by seq limit 1 for update ${locked === 'skip' ? sql`skip locked` : sql``})
    update promo_codes c set customer_id = ${customerId}, run_id = ${runId}, block = ${block}, iteration = ${iteration},
      issued_at = ${at}, expires_at = ${expires}
    from free where c.key = free.key returning c.code, c.percent, c.amount, c.currency`.execute(trx);
  const [row] = rows;
  return row === undefined
    ? null
    : { code: row.code, worth: worthOf(row), expires: expires.getTime(), redeemed: false };
}

/** So many are tried at most before a pattern counts as used up. */
const rounds = 5;

/**
 * Makes up to `count` free codes of a size of a generated pool, as many as the pool may still have; returns how many it made. The
 * pool's row is locked: two never make the same, and what was made is not made again.
 */
export async function makeCodes(trx: Kysely<DB>, poolId: string, size: PromoSize, count: number): Promise<number> {
  const pool = await trx
    .selectFrom('promo_pools')
    .select(['pattern', 'seed', 'most', 'made'])
    .where('id', '=', poolId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const { pattern, seed, most } = pool;
  if (pattern === null || seed === null) throw new Error(`pool ${poolId} is not generated: its codes are imported`);
  const had = most === null ? 0 : await countOf(trx, poolId, size.name);
  const wanted = Math.min(count, most === null ? count : most - had);
  let [made, tried] = [0, pool.made];
  for (let round = 0; round < rounds && made < wanted; round += 1) {
    const codes = codesFrom(pattern, seed, tried, wanted - made);
    tried += wanted - made;
    made += await insertCodes(
      trx,
      poolId,
      size.name,
      codes.map((code) => ({ code, worth: size })),
    );
  }
  await trx.updateTable('promo_pools').set({ made: tried }).where('id', '=', poolId).execute();
  return made;
}

async function countOf(trx: Kysely<DB>, poolId: string, size: string): Promise<number> {
  const query = trx.selectFrom('promo_codes').select(({ fn }) => fn.countAll<number>().as('count'));
  const { count } = await query.where('pool_id', '=', poolId).where('size', '=', size).executeTakeFirstOrThrow();
  return count;
}

/** Nobody who has seen some of them can tell the next. */
function codesFrom(pattern: string, seed: Buffer, from: number, count: number): string[] {
  const numbers = Array.from({ length: count }, (_, index) => from + index);
  return numbers.flatMap((number) => codeOf(pattern, createHmac('sha512', seed).update(String(number)).digest()) ?? []);
}

/** Inserts those that no pool has yet, in the order given; returns how many. */
export async function insertCodes(
  trx: Kysely<DB>,
  poolId: string,
  size: string,
  codes: readonly { code: string; worth: Worth }[],
): Promise<number> {
  const rows = codes.map(({ code, worth }) => ({
    key: codeKey(code),
    code,
    percent: worth.percent ?? null,
    amount: worth.amount?.amount ?? null,
    currency: worth.amount?.currency ?? null,
  }));
  const { numAffectedRows } = await sql`
    insert into promo_codes (key, code, pool_id, size, percent, amount, currency)
    select key, code, ${poolId}, ${size}, percent, amount, currency
    from json_to_recordset(${JSON.stringify(rows)}) as given (key text, code text, percent int, amount bigint, currency text)
    order by key
    on conflict do nothing`.execute(trx);
  return Number(numAffectedRows ?? 0);
}

/** A message that the pool had no code for. Returns whether it is the first since the pool had any. */
export async function noteEmpty(trx: Trx, poolId: string, at: Date): Promise<boolean> {
  const { rows } = await sql<{ isFirst: boolean }>`
    update promo_pools set turned_away = turned_away + 1, empty_at = coalesce(empty_at, ${at}) where id = ${poolId}
    returning empty_at = ${at} as "isFirst"`.execute(trx);
  return rows[0]?.isFirst ?? false;
}
