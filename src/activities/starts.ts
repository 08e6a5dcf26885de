import type { Db, Trx } from '#db/connect.ts';
import { planModels } from '#db/models.ts';
import { type OutboxRow, putOutbox } from '#db/outbox.ts';
import { countNotEntered } from '#db/runs.ts';
import { currentSettings, currentShop } from '#db/settings.ts';
import {
  type DueStart,
  nextStartDue,
  passQuarter,
  planQuarter,
  planTransitions,
  type QuarterScan,
  readPace,
  type StageJourney,
  spendPace,
  takeDueStarts,
} from '#db/starts.ts';
import { durationMs } from '#domain/duration.ts';
import { workflowId } from '#domain/ids.ts';
import type { Contract } from '#domain/journey.ts';
import { quarterOf, wakingHours } from '#domain/occasions.ts';
import { isReachable } from '#domain/reach.ts';
import type { NotEnteredReason } from '#domain/reasons.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { contracts, journeyNames, settingsSchemas } from '#workflows/catalogue.ts';
import { settings as newModel } from '#workflows/new-model/settings.ts';
import type { StageSettings } from '#workflows/settings-schemas.ts';

/**
 * Journeys that no event of the customer's starts: a lifecycle stage does (P3, J12, J13), or a new model. What a night's recompute has
 * found is written down as starts, each with a time of its own; when that comes, those who are still to be started go to the outbox, at
 * a limited rate. Temporal hears of nobody else.
 */

/** Transitions, or customers, whose starts are written in one transaction. */
const inOneTransaction = 10_000;

const all: readonly Contract[] = journeyNames.map((name) => contracts[name]);
const staged = all.filter(({ startsOnStage }) => startsOnStage !== undefined);
const modelled = all.filter(({ startsOnModel }) => startsOnModel);

/** Writes the starts of all changes of stage since the last time, as a quarter begins of those who are in a stage that starts again
 *  each quarter, and of owners of what a new model replaces. Safe to repeat, to be killed, and to run twice at once. Counts. */
export async function planStarts(db: Db, now: Date, atOnce = inOneTransaction): Promise<{ planned: number }> {
  const shop = await currentShop(db);
  const journeys = await Promise.all(staged.map((contract) => stageJourney(db, contract, shop, now)));
  let planned = 0;
  for (let taken = atOnce; taken >= atOnce; ) {
    const step = await planTransitions(db, journeys, shop.zone, atOnce);
    planned += step.planned;
    taken = step.taken;
  }
  for (const journey of journeys.filter(({ quarterly }) => quarterly))
    planned += await planTheQuarter(db, journey, { now, quarter: quarterOf(now, shop.zone), limit: atOnce });
  for (const { name } of modelled) planned += await planTheModels(db, name, shop, now);
  return { planned };
}

async function planTheModels(db: Db, journey: string, shop: ShopSettings, now: Date): Promise<number> {
  const settings = newModel.parse((await currentSettings(db, journey))?.value ?? {});
  if (!settings.enabled || settings.series.length === 0) return 0;
  const windows = wakingHours(now, durationMs(settings.spreadOver), shop);
  const scan = { now, withinMs: durationMs(settings.presentedWithin), apartMs: durationMs(settings.apart) };
  return planModels(db, { journey, windows }, scan);
}

async function planTheQuarter(
  db: Db,
  journey: StageJourney & { apartMs: number },
  scan: Omit<QuarterScan, 'apartMs'>,
): Promise<number> {
  if (journey.profiles.length === 0) {
    await passQuarter(db, journey.journey, scan.quarter);
    return 0;
  }
  for (let sum = 0; ; ) {
    const { taken, planned } = await planQuarter(db, journey, { ...scan, apartMs: journey.apartMs });
    sum += planned;
    if (taken < scan.limit) return sum;
  }
}

export interface Released {
  /** For the relay, claimed. */
  rows: OutboxRow[];
  /** Starts that were looked at. */
  taken: number;
}

/** Hands starts that are due to the outbox, up to `limit`: in one transaction with their removal. */
export function releaseStarts(db: Db, now: Date, limit: number): Promise<Released> {
  return release(db, now, async () => limit);
}

/** The same, no more than `perSecond` (wall time) of all workers together. */
export function releaseAtPace(db: Db, now: Date, perSecond: number): Promise<Released> {
  return release(db, now, (trx) => readPace(trx, perSecond));
}

async function release(db: Db, now: Date, allowed: (trx: Trx) => Promise<number>): Promise<Released> {
  const next = await nextStartDue(db);
  if (next === null || next > now) return { rows: [], taken: 0 };
  const shop = await currentShop(db);
  return db.transaction().execute(async (trx) => {
    const limit = await allowed(trx);
    const due = limit < 1 ? [] : await takeDueStarts(trx, now, limit);
    const validFor = new Map<string, number>();
    for (const journey of new Set(due.map((start) => start.journey)))
      validFor.set(journey, await entryValidForMs(trx, journey));
    const starts: DueStart[] = [];
    for (const start of due) {
      const refusal = refusalOf(start, shop, now, validFor.get(start.journey) ?? 0);
      if (refusal === null) starts.push(start);
      else if (refusal !== 'begun' && refusal !== 'merged')
        await countNotEntered(trx, { ...start, reason: refusal, at: now });
    }
    const rows = await putOutbox(trx, starts.map(outboxRow));
    await spendPace(trx, starts.length);
    return { rows, taken: due.length };
  });
}

/** What `enter` would say, asked before Temporal hears of it; `enter` asks again, under the customer's lock. */
function refusalOf(
  { journey, gone, begun, ordered, stage, dueAt, contact }: DueStart,
  shop: ShopSettings,
  now: Date,
  validForMs: number,
): NotEnteredReason | 'begun' | null {
  const contract = all.find(({ name }) => name === journey);
  if (gone !== null) return gone;
  if (contract === undefined) return 'disabled';
  const { startsOnStage } = contract;
  if (startsOnStage !== undefined) {
    if (begun) return 'begun';
    if (ordered || stage === null) return 'stage_left';
    if (stage !== 'unknown' && !startsOnStage.stages.includes(stage)) return 'stage_left';
  }
  if (now.getTime() - dueAt.getTime() > validForMs) return 'too_late';
  return isReachable(contact, shop, contract.topic) ? null : 'unreachable';
}

function outboxRow({ journey, customerId, key, reason, dueAt }: DueStart) {
  const id = workflowId(journey, customerId, key);
  // The run begins when its time comes: what is older than `entryValidFor` then was late, not spread.
  return { workflow_id: id, signal: 'start', journey, customer_id: customerId, key, reason, occurred_at: dueAt };
}

async function stageJourney(db: Db, contract: Contract, shop: ShopSettings, now: Date) {
  const { enabled, branches, spreadOver, apart = 'PT0S' } = await settingsOf(db, contract);
  const isOn = ({ enabled: own, series }: StageSettings['branches']['b2c']) => enabled && own && series.length > 0;
  return {
    journey: contract.name,
    stages: contract.startsOnStage?.stages ?? [],
    quarterly: contract.startsOnStage?.quarterly ?? false,
    profiles: [
      ...(isOn(branches.b2c) ? (['personal'] as const) : []),
      ...(isOn(branches.b2b) ? (['corporate'] as const) : []),
    ],
    windows: wakingHours(now, durationMs(spreadOver), shop),
    apartMs: durationMs(apart),
  };
}

/** How late a start may be. */
async function entryValidForMs(db: Trx, journey: string): Promise<number> {
  const parsed = schemas[journey]?.parse((await currentSettings(db, journey))?.value ?? {}) as {
    entryValidFor?: string;
  };
  return durationMs(parsed?.entryValidFor ?? 'PT0S');
}

const schemas: Readonly<Record<string, { parse(value: unknown): object }>> = settingsSchemas;

async function settingsOf(db: Db, { name }: Contract): Promise<StageSettings> {
  const parsed = schemas[name]?.parse((await currentSettings(db, name))?.value ?? {});
  if (parsed === undefined || !isStaged(parsed))
    throw new Error(`journey ${name} starts on a stage: give its settings \`spreadOver\` and \`branches\``);
  return parsed;
}

function isStaged(settings: object): settings is StageSettings {
  return 'spreadOver' in settings && 'branches' in settings;
}
