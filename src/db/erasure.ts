import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, type NotNull, sql, type Transaction } from 'kysely';
import { resolveCustomer } from './customers.ts';
import { type OutboxRow, putOutbox } from './outbox.ts';
import { ensureMonths } from './partitions.ts';
import { leaveQueues } from './queue/customers.ts';
import { closeRun } from './runs.ts';
import type { DB } from './schema.ts';
import { keepSuppressions } from './suppressions.ts';

type Trx = Transaction<DB>;

/** `sending`: a message to them is on its way just now, and what becomes of it is still to be written. */
export type Erasure =
  | { result: 'erased'; exits: OutboxRow[] }
  | { result: 'not_found' | 'erased_before' | 'sending'; exits?: never };

/** Wall time that a submission under way is waited for: nearly all end sooner. */
const patienceMs = 5_000;

/**
 * Removes the person and keeps the counts, in one transaction under the locks of the customer and of all who were merged into
 * them. When this resolves it is committed: nothing more is sent to them, not even what was on its way, since a submission
 * that holds its lease is waited for. Live runs end as `exited:erased`; the signals that tell their workflows are returned,
 * claimed for the caller to relay. `at` is business time.
 */
export async function eraseCustomer(db: Kysely<DB>, id: string, at: Date): Promise<Erasure> {
  await ensureMonths(db, ['decisions'], at);
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const done = await db.transaction().execute((trx) => tryErasing(trx, id, at));
    if (done.result === 'sending' && Date.now() < deadline) await sleep(50);
    else if (done.result !== 'changed') return done;
  }
}

async function tryErasing(trx: Trx, id: string, at: Date): Promise<Erasure | { result: 'changed' }> {
  const before = await resolveCustomer(trx, id);
  if (before === null) return { result: 'not_found' };
  await lock(trx, before.ids);
  // A statement after the lock sees what was committed while this waited for it: another may have joined or erased them.
  const family = await resolveCustomer(trx, id);
  if (family === null || family.ids.some((one) => !before.ids.includes(one))) return { result: 'changed' };
  if (family.erasedAt !== null) return { result: 'erased_before' };
  const { ids } = family;
  if (await isSending(trx, ids)) return { result: 'sending' };
  const exits = [...(await endRuns(trx, ids, at)), ...(await leaveQueues(trx, ids, at))];
  await keepSuppressions(trx, ids, at);
  for (const erase of statements(ids, at)) await erase.execute(trx);
  return { result: 'erased', exits };
}

/** In the order of ids, as intake does, so that nobody waits in a circle. */
async function lock(trx: Trx, ids: readonly string[]): Promise<void> {
  await sql`select from customers where id = any(${[...ids]}::uuid[]) order by id for update`.execute(trx);
}

/** Leases are wall time. One that has ended is nobody's: its worker has died, and does not write any more. */
async function isSending(trx: Trx, ids: readonly string[]): Promise<boolean> {
  const { rows } = await sql`
    select from messages where customer_id = any(${[...ids]}::uuid[]) and state = 'submitting'
      and lease_until > clock_timestamp() limit 1`.execute(trx);
  return rows.length > 0;
}

const outcome = 'exited:erased' as const;

/** Closes their live runs as `finish` would, and puts down the signals by which the workflows end. Signals that wait to start
 *  or move something for them are dropped. */
async function endRuns(trx: Trx, ids: readonly string[], at: Date): Promise<OutboxRow[]> {
  await sql`delete from outbox where customer_id = any(${[...ids]}::uuid[]) and signal in ('start', 'goal', 'advance')`.execute(
    trx,
  );
  const runs = await trx
    .selectFrom('runs')
    .select(['id', 'workflow_id', 'journey', 'customer_id', 'key', 'block'])
    .where('customer_id', 'in', ids)
    .where('ended_at', 'is', null)
    .$narrowType<{ customer_id: NotNull }>()
    .execute();
  for (const { id, journey, customer_id, block } of runs) {
    const told = { reason: outcome, until: null, messageId: null, details: {} };
    const where = { customerId: customer_id, journey, runId: id, iteration: 1, channel: null };
    const decision = block === null ? null : { ...where, block, decision: 'stop' as const, ...told };
    await closeRun(trx, { id, at, outcome, answer: null }, decision);
  }
  const exits = runs.map(({ id: _, block: __, ...run }) => ({
    ...run,
    signal: 'exit',
    reason: 'erased',
    occurred_at: at,
  }));
  return putOutbox(trx, exits);
}

/** What is left of a text that may quote somebody: nothing, unless it is one of our own codes. */
const codeOnly = (column: string) => sql.raw(`case when ${column} ~ '^[a-z_]+(:[a-z_]+)?$' then ${column} end`);

/**
 * Messages before their events: a visit that is being recorded holds its message's row, so that what it writes is seen by the
 * statement after. Runs keep the answer that an activity which is run again asks for, and nothing else of their memory.
 */
function statements(ids: readonly string[], at: Date) {
  const theirs = sql`any(${[...ids]}::uuid[])`;
  return [
    sql`update messages set address = null, provider_id = null, lease_until = null, failed_reason = null,
      reason = ${codeOnly('reason')},
      state = case state when 'reserved' then 'dropped' when 'submitting' then 'unknown' else state end
      where customer_id = ${theirs}`,
    sql`update message_events set user_agent = null
      where message_id in (select id from messages where customer_id = ${theirs}) and user_agent is not null`,
    sql`update runs set progress = '{}', plan = null, answer = jsonb_build_object('ended', true, 'outcome', outcome, 'again', null)
      where customer_id = ${theirs}`,
    sql`update run_blocks set reason = ${codeOnly('reason')}
      where run_id in (select id from runs where customer_id = ${theirs}) and reason is not null`,
    sql`update decisions set details = '{}', reason = coalesce(${codeOnly('reason')}, 'erased') where customer_id = ${theirs}`,
    sql`update events set payload = '{}', message_id = id::text where customer_id = ${theirs}`,
    sql`update message_requests set address = null, address_kind = null, data = null where customer_id = ${theirs}`,
    sql`update order_states set details = '{}' where customer_id = ${theirs}`,
    sql`delete from identity_conflicts where holder_id = ${theirs} or claimant_id = ${theirs}`,
    sql`delete from identities where customer_id = ${theirs}`,
    sql`delete from devices where customer_id = ${theirs}`,
    sql`delete from consents where customer_id = ${theirs}`,
    sql`delete from consent_states where customer_id = ${theirs}`,
    sql`delete from opt_ins where customer_id = ${theirs}`,
    sql`delete from cart_items where customer_id = ${theirs}`,
    sql`delete from interests where customer_id = ${theirs}`,
    sql`delete from wish_news where customer_id = ${theirs}`,
    sql`delete from replenishment where customer_id = ${theirs}`,
    sql`insert into customers_ceased (customer_id) select unnest(${[...ids]}::uuid[])`,
    sql`delete from profiles where customer_id = ${theirs}`,
    sql`update customers set traits = '{}', traits_at = '{}', last_seen_at = null, whatsapp_at = null, erased_at = ${at} where id = ${theirs}`,
  ];
}
