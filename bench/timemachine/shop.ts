import { type Result, round2 } from '#bench/lib.ts';
import { durationMs } from '#domain/duration.ts';
import { presetSettings } from '#presets/presets.ts';
import { livingShop } from '#scripts/simulate/living.ts';

const customers = 100;
/** The first days are slower, and everybody is new to the shop. */
const warmUp = 7;
const measured = 21;
const day = durationMs('P1D');

/** Virtual days a second of the simulated shop: intake, journeys, messages, what customers do about them, the nightly jobs. */
export async function daysOfShop(name: string, databaseUrl: string): Promise<Result> {
  const settings = Object.fromEntries((presetSettings('default') ?? []).map((one) => [one.name, one.value]));
  const start = new Date('2026-03-02T00:00:00Z');
  const shop = await livingShop({ databaseUrl, customers, seed: 1, start, settings, jobsEveryDays: 1 });
  try {
    await shop.machine.sleep(warmUp * day);
    const began = performance.now();
    await shop.machine.sleep(measured * day);
    const value = (measured * 1_000) / (performance.now() - began);
    const baseline = 1_000 / day;
    const figures = { value: round2(value), baseline, ratio: Math.round(value / baseline) };
    return { name: `${name}-shop`, ...figures, unit: 'days/s of 100 customers', baselineName: 'the clock on the wall' };
  } finally {
    await shop.close();
  }
}
