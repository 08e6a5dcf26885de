import { invariants, type Violation } from '#db/invariants.ts';
import { decisionsByReason, messagesByWeek } from '#db/tallies.ts';
import { durationMs } from '#domain/duration.ts';
import { presetPools, presetSettings } from '#presets/presets.ts';
import { assortmentFor } from '#scripts/simulate/assortment.ts';
import { type LivingShop, livingShop } from '#scripts/simulate/living.ts';
import type { YearOptions } from './options.ts';
import { decisionsTable, weeksTable } from './table.ts';

export interface Year extends YearOptions {
  /** Of a migrated database of its own. */
  databaseUrl: string;
  tell(line: string): void;
}

/** A Monday. */
const start = new Date('2026-01-05T00:00:00Z');
const dayMs = durationMs('P1D');
/** Promises are looked after so often, and at the end. */
const checkedEveryDays = 91;
const tellEveryMs = 5_000;

/** A simulated shop lives so many days. What of the system's promises it has broken; empty: nothing. */
export async function liveYear(year: Year): Promise<Violation[]> {
  const { customers, days, seed, preset, databaseUrl, tell } = year;
  tell(`${customers.toLocaleString('en')} customers, ${days} days (seed ${seed}, preset ${preset})`);
  const settings = Object.fromEntries((presetSettings(preset) ?? []).map(({ name, value }) => [name, value]));
  const story = { customers, seed, start, settings, promoPools: presetPools(preset), jobsEveryDays: 1 };
  const assortment = assortmentFor(preset);
  const shop = await livingShop({ databaseUrl, ...story, assortment });
  try {
    const broken = await liveThrough(shop, days, tell);
    for (const line of weeksTable(await messagesByWeek(shop.db))) tell(line);
    for (const line of decisionsTable(await decisionsByReason(shop.db))) tell(line);
    for (const { invariant, what } of broken) tell(`BROKEN ${invariant}: ${what}`);
    tell(verdict(broken));
    return broken;
  } finally {
    await shop.close();
  }
}

/** Until the last day, or the first on which a promise is broken. */
async function liveThrough(shop: LivingShop, days: number, tell: (line: string) => void): Promise<Violation[]> {
  const began = performance.now();
  let told = began;
  for (let day = 1; day <= days; day += 1) {
    await shop.machine.runUntil(new Date(start.getTime() + day * dayMs));
    const now = performance.now();
    if (now - told >= tellEveryMs || day === days) {
      told = now;
      tell(progress(shop, day, days, now - began));
    }
    if (day % checkedEveryDays !== 0 && day !== days) continue;
    const broken = await shop.broken();
    if (broken.length > 0) return broken;
  }
  return [];
}

function progress({ machine, received }: LivingShop, day: number, days: number, passed: number): string {
  const date = machine.clock.now().toISOString().slice(0, 10);
  const pace = ((day * 1_000) / passed).toFixed(1);
  const left = day === days ? `in ${said(passed)}` : `about ${said((passed / day) * (days - day))} left`;
  return `day ${day} of ${days} · ${date} · ${received.toLocaleString('en')} messages · ${pace} days a second · ${left}`;
}

function said(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

function verdict(broken: readonly Violation[]): string {
  if (broken.length === 0) return `All ${Object.keys(invariants).length} promises are kept.`;
  return `${broken.length} times a promise is broken: docs/simulator.md says how each is seen.`;
}
