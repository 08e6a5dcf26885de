import { type RawBuilder, sql } from 'kysely';
import type { ChannelName, ContactClass } from '#domain/journey.ts';
import { countingStates } from '#domain/ledger.ts';
import { type Contact, type Ledger, longestWindowDays, type Plan } from '#domain/policy.ts';
import { epochMs } from './instants.ts';
import type { Value } from './statement.ts';

/** The ledger as PostgreSQL writes it: instants are epoch ms, contacts by their messages. */
export interface LedgerJson {
  history: HistoryJson;
  plans: PlansJson;
  excludesBulk: boolean;
}

/** Planned contacts, by columns as well: what their runs say of them; of the runs ids, journeys, classes, when the contacts are due,
 *  and blocks. */
type PlansJson = [(PlanOfRun | null)[], string[], string[], ContactClass[], number[], (string | null)[]] | null[];

type PlanOfRun = Pick<Plan, 'channel' | 'obeys' | 'counts' | 'sale'> & { until: number; iteration?: number };

/** Messages that take a slot, by columns: the ids of those without a run, their runs, blocks, iterations, when they were reserved,
 *  classes, channels, whether they are sales. Nulls where there are none. An object for each would have PostgreSQL look up its types
 *  again and again. */
type HistoryJson =
  | [(string | null)[], (string | null)[], string[], number[], number[], ContactClass[], ChannelName[], boolean[]]
  | null[];

/** All messages `m` of a query as `HistoryJson`. */
export const historyJson: RawBuilder<HistoryJson> = sql`json_build_array(
  array_agg(case when m.run_id is null then m.id end), array_agg(m.run_id), array_agg(m.block),
  array_agg(m.iteration), array_agg(${epochMs(sql`m.reserved_at`)}), array_agg(m.class), array_agg(m.channel), array_agg(m.sale))`;

/** Whether a message `m` takes a slot, and did so from `since` on. */
export function takesSlot(since: RawBuilder<unknown> | Date): RawBuilder<boolean> {
  return sql`m.counts and m.state = any(${countingStates}::text[]) and m.reserved_at > ${since}`;
}

const planned = sql`filter (where r.plan is not null and r.due_at is not null)`;

/** All planned contacts of the runs `r` of a query as `PlansJson`. */
export const plansJson: RawBuilder<PlansJson> = sql`json_build_array(array_agg(r.plan) ${planned}, array_agg(r.id) ${planned},
  array_agg(r.journey) ${planned}, array_agg(r.class) ${planned}, array_agg(${epochMs(sql`r.due_at`)}) ${planned}, array_agg(r.block) ${planned})`;

/** What the contact policy asks for (`Ledger`), as JSON. Stands in a query whose row `w` has the customer's `id`; plans of the run
 *  that `ownRun` (of the row `r`) tells are left out. `messages`: the customer's at least, where they were read already. */
export function ledgerJson(
  now: Value<Date>,
  ownRun: RawBuilder<unknown>,
  messages = sql`messages`,
): RawBuilder<LedgerJson> {
  const since = sql`${now}::timestamptz - make_interval(days => ${longestWindowDays + 1})`;
  return sql`(
    select json_build_object('history', (
        select ${historyJson} from ${messages} m where m.customer_id = w.id and ${takesSlot(since)}),
      'plans', ${plansJson},
      'excludesBulk', coalesce(bool_or(r.excludes_bulk), false))
    from runs r where r.customer_id = w.id and r.ended_at is null and not (${ownRun}))`;
}

/** With instants as dates, and messages put together to contacts: a step's iteration is one, whatever channels it used. */
export function ledgerOf(json: LedgerJson): Ledger {
  return { history: contactsOf(json.history), plans: plansOf(json.plans), excludesBulk: json.excludesBulk };
}

/** Each with all that its run says of it. */
function plansOf([plans, ids, journeys, classes, dues, blocks]: PlansJson): Plan[] {
  return (plans ?? []).map((said, place) => {
    const [plan, runId, block] = [said as PlanOfRun, ids?.[place] as string, blocks?.[place] ?? null];
    return {
      ...plan,
      runId,
      journey: journeys?.[place] as string,
      class: classes?.[place] as ContactClass,
      due: new Date(dues?.[place] as number),
      until: new Date(plan.until),
      block,
      contact: block === null ? null : contactKey(runId, block, plan.iteration ?? 1),
    };
  });
}

/** A contact began with its first message. */
function contactsOf([ids, runs, blocks, iterations, times, classes, channels, sales]: HistoryJson): Contact[] {
  const found = new Map<string, Contact>();
  for (const [place, ms] of (times ?? []).entries()) {
    const runId = runs?.[place] ?? null;
    const key =
      runId === null ? (ids?.[place] as string) : contactKey(runId, blocks?.[place] ?? '', iterations?.[place] ?? 1);
    const [at, known, sale] = [new Date(ms as number), found.get(key), sales?.[place] ?? false];
    const channel = channels?.[place] as ChannelName;
    if (known === undefined) {
      found.set(key, { key, at, class: classes?.[place] as ContactClass, channels: [channel], runId, sale });
    } else {
      if (at < known.at) known.at = at;
      known.channels = [...known.channels, channel];
      known.sale ||= sale;
    }
  }
  return [...found.values()];
}

/** What identifies a contact in the ledger. */
export function contactKey(runId: string, block: string, iteration: number): string {
  return `${runId}:${block}:${iteration}`;
}
