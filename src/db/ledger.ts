import { type RawBuilder, sql } from 'kysely';
import type { ChannelName, ContactClass } from '#domain/journey.ts';
import { countingStates } from '#domain/ledger.ts';
import { type Contact, type Ledger, longestWindowDays, type Plan } from '#domain/policy.ts';
import { epochMs } from './instants.ts';
import type { Value } from './statement.ts';

/** The ledger as PostgreSQL writes it: instants are epoch ms, contacts by their messages. */
export interface LedgerJson {
  history: ContactJson[];
  plans: (Omit<Plan, 'due' | 'until'> & { due: number; until: number })[];
  excludesBulk: boolean;
}

/** A message that takes a slot: its id, run, block, iteration, when it was reserved, class, channel, whether it is a sale. */
type ContactJson = [string, string | null, string, number, number, ContactClass, ChannelName, boolean];

/** A message `m` as `ContactJson`. */
export const contactJson = sql`json_build_array(m.id, m.run_id, m.block, m.iteration, ${epochMs(sql`m.reserved_at`)}, m.class, m.channel,
  m.sale)`;

/** Whether a message `m` takes a slot, and did so from `since` on. */
export function takesSlot(since: RawBuilder<unknown> | Date): RawBuilder<boolean> {
  return sql`m.counts and m.state = any(${countingStates}::text[]) and m.reserved_at > ${since}`;
}

/** The plan of a live run `r`, with the contact that it is of. */
export const planJson = sql`r.plan || jsonb_build_object('runId', r.id, 'journey', r.journey, 'class', r.class,
  'due', ${epochMs(sql`r.due_at`)}, 'block', r.block,
  'contact', r.id || ':' || r.block || ':' || coalesce(r.plan->>'iteration', '1'))`;

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
        select json_agg(${contactJson}) from ${messages} m where m.customer_id = w.id and ${takesSlot(since)}), '[]'),
      'plans', coalesce(json_agg(${planJson}) filter (where r.plan is not null and r.due_at is not null), '[]'),
      'excludesBulk', coalesce(bool_or(r.excludes_bulk), false))
    from runs r where r.customer_id = w.id and r.ended_at is null and not (${ownRun}))`;
}

/** With instants as dates, and messages put together to contacts: a step's iteration is one, whatever channels it used. */
export function ledgerOf(json: LedgerJson): Ledger {
  const date = (value: number) => new Date(value);
  return {
    history: contactsOf(json.history),
    plans: json.plans.map((plan) => ({ ...plan, due: date(plan.due), until: date(plan.until) })),
    excludesBulk: json.excludesBulk,
  };
}

/** A contact began with its first message. */
function contactsOf(messages: readonly ContactJson[]): Contact[] {
  const found = new Map<string, Contact>();
  for (const [id, runId, block, iteration, reservedAt, rank, channel, sale] of messages) {
    const key = runId === null ? id : contactKey(runId, block, iteration);
    const [at, known] = [new Date(reservedAt), found.get(key)];
    const channels = [...(known?.channels ?? []), channel];
    const first = known === undefined || at < known.at ? at : known.at;
    found.set(key, { key, at: first, class: rank, channels, runId, sale: sale || (known?.sale ?? false) });
  }
  return [...found.values()];
}

/** What identifies a contact in the ledger. */
export function contactKey(runId: string, block: string, iteration: number): string {
  return `${runId}:${block}:${iteration}`;
}
