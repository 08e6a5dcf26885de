import type { Facts } from '#db/facts.ts';
import { newId } from '#db/ids.ts';
import { countNotEntered, insertRun } from '#db/runs.ts';
import { startForSurvivor } from '#db/survivor.ts';
import { underLock } from '#db/under-lock.ts';
import { workflowId } from '#domain/ids.ts';
import type { EnterAnswer, Entry } from '#domain/journey.ts';
import { profileOfKey } from '#domain/occasions.ts';
import { isReachable } from '#domain/reach.ts';
import type { NotEnteredReason } from '#domain/reasons.ts';
import { aheadOf } from './ahead.ts';
import type { ActivityDeps } from './deps.ts';
import type { Mind, Situation } from './mind.ts';
import { mindOf, shopOf } from './shared.ts';
import { situationOf } from './situation.ts';

/** Decides under the customer's lock whether a run begins, and makes its row. A run that is live already (this
 *  activity was run before, or the workflow continued as new) is taken up where it stands. */
export async function enter(deps: ActivityDeps, entry: Entry): Promise<EnterAnswer> {
  const { customerId, journey, key } = entry;
  const mind = mindOf(journey);
  const id = workflowId(journey, customerId, key);
  const run = { workflowId: id };
  const request = { customerId, journey, key, profile: profileOfKey(key), run, now: deps.clock.now() };
  return underLock(deps.db, request, async (trx, read) => {
    const now = deps.clock.now();
    if (read === null) return { entered: false, outcome: 'not_entered:erased' };
    const facts = mind.load === undefined ? read : await mind.load(trx, read, key);
    const triggerAt = facts.run?.triggerAt ?? Date.parse(entry.triggerAt);
    const progress = facts.run?.progress ?? facts.inherited?.progress ?? null;
    const situation = situationOf(facts, now, triggerAt, progress);
    if (facts.run !== null) return liveRun(mind, situation, facts.run);
    const refusal = refusalOf(mind, facts, entry, now);
    if (refusal !== null) {
      const missed = { journey, key, customerId, reason: refusal, at: now };
      // Joined to another after the start was sent, before it came here: what they are to be told is told to who stays.
      if (refusal === 'merged' && mind.contract.class === 'service') await startForSurvivor(trx, missed);
      await trx.last(() => countNotEntered(trx, missed));
      return { entered: false, outcome: `not_entered:${refusal}` };
    }
    const { next, plan } = aheadOf({ mind, facts, shop: situation.shop }, mind.first(situation));
    const runId = newId(now);
    const settingsVersion = facts.settings.journey?.version ?? 0;
    const run = {
      id: runId,
      workflowId: id,
      journey,
      class: mind.contract.class,
      key,
      customerId,
      settingsVersion,
      triggerAt: new Date(entry.triggerAt),
      enteredAt: now,
      readSeq: facts.activitySeq,
      progress,
      next,
      plan,
      excludesBulk: mind.contract.excludesBulk ?? false,
    };
    await trx.last(() => insertRun(trx, run));
    return { entered: true, runId, settingsVersion, asked: 0, next };
  });
}

function liveRun(mind: Mind, situation: Situation, run: NonNullable<Facts['run']>): EnterAnswer {
  const { facts, shop } = situation;
  const { next } = aheadOf({ mind, facts, shop }, { ...mind.first(situation), ...standsAt(run) });
  return { entered: true, runId: run.id, settingsVersion: run.settingsVersion, asked: run.asked, next };
}

function refusalOf(mind: Mind, facts: Facts, entry: Entry, now: Date): NotEnteredReason | null {
  if (facts.gone !== null) return facts.gone;
  if (!mind.isEnabled(facts)) return 'disabled';
  if (mind.contract.reentry.once && facts.earlierRuns > 0) return 'once';
  if (now.getTime() - Date.parse(entry.triggerAt) > mind.entryValidForMs(facts)) return 'too_late';
  const own = mind.refuses?.(facts) ?? null;
  if (own !== null) return own;
  const kind = mind.contract.class === 'service' ? 'service' : 'marketing';
  return isReachable(facts.contact, shopOf(facts), mind.contract.topic, kind) ? null : 'unreachable';
}

/** Where a run stands, if it waits for something; one that was deciding when its worker died asks at once. */
function standsAt({ block, dueAt }: NonNullable<Facts['run']>) {
  return block === null ? { until: dueAt ?? 0 } : { block, until: dueAt ?? 0 };
}
