import { type RawBuilder, sql } from 'kysely';
import { countingStates } from '#domain/ledger.ts';
import { type Contact, type Ledger, longestWindowDays, type Plan } from '#domain/policy.ts';
import type { Value } from './statement.ts';

/** The ledger as PostgreSQL writes it: instants are epoch ms. */
export interface LedgerJson {
  history: (Omit<Contact, 'at'> & { at: number })[];
  plans: (Omit<Plan, 'due' | 'until'> & { due: number; until: number })[];
  excludesBulk: boolean;
}

const ms = (column: RawBuilder<unknown>) => sql`(extract(epoch from ${column}) * 1000)::bigint`;

/** A row of `contactRowsOf` as JSON. */
export const contactJson = sql`json_build_object('key', key, 'at', ${ms(sql`at`)}, 'class', class, 'channels', channels,
  'runId', run_id, 'sale', sale)`;

/** What takes slots of those messages `m` that `which` picks, from `since` on: a step's iteration is one, whatever channels it used. */
export function contactRowsOf(
  which: RawBuilder<unknown>,
  since: RawBuilder<unknown> | Date,
  messages = sql`messages`,
): RawBuilder<unknown> {
  return sql`
    select customer_id, run_id, class, coalesce(run_id || ':' || block || ':' || iteration, id::text) as key,
      min(reserved_at) as at, array_agg(channel) as channels, bool_or(sale) as sale
    from ${messages} m where ${which} and counts and state = any(${countingStates}::text[]) and reserved_at > ${since}
    group by customer_id, run_id, class, 4`;
}

/** The plan of a live run `r`, with the contact that it is of. */
export const planJson = sql`r.plan || jsonb_build_object('runId', r.id, 'journey', r.journey, 'class', r.class,
  'due', ${ms(sql`r.due_at`)}, 'block', r.block, 'contact', r.id || ':' || r.block || ':' || coalesce((
    select max(iteration) from run_blocks b where b.run_id = r.id and b.block = r.block and b.left_at is null), 1))`;

/** What the contact policy asks for (`Ledger`), as JSON. Stands in a query whose row `w` has the customer's `id`; plans of the run
 *  that `ownRun` (of the row `r`) tells are left out. `messages`: the customer's at least, where they were read already. */
export function ledgerJson(
  now: Value<Date>,
  ownRun: RawBuilder<unknown>,
  messages = sql`messages`,
): RawBuilder<LedgerJson> {
  const since = sql`${now}::timestamptz - make_interval(days => ${longestWindowDays + 1})`;
  return sql`(
    select json_build_object('history', coalesce((
        select json_agg(${contactJson}) from (${contactRowsOf(sql`m.customer_id = w.id`, since, messages)}) contacts), '[]'),
      'plans', coalesce(json_agg(${planJson}) filter (where r.plan is not null and r.due_at is not null), '[]'),
      'excludesBulk', coalesce(bool_or(r.excludes_bulk), false))
    from runs r where r.customer_id = w.id and r.ended_at is null and not (${ownRun}))`;
}

/** With instants as dates. */
export function ledgerOf(json: Ledger | LedgerJson): Ledger {
  const date = (value: Date | number) => new Date(value);
  return {
    history: json.history.map((contact) => ({ ...contact, at: date(contact.at) })),
    plans: json.plans.map((plan) => ({ ...plan, due: date(plan.due), until: date(plan.until) })),
    excludesBulk: json.excludesBulk,
  };
}

/** What identifies a contact in the ledger. */
export function contactKey(runId: string, block: string, iteration: number): string {
  return `${runId}:${block}:${iteration}`;
}
