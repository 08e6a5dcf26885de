import { spreadWishNews } from '#activities/item-event/spread.ts';
import { nights } from './starts.ts';
import type { System } from './system.ts';

/** What workers' loops do about better offers in production, on the time-skipping server. */
export function spreadItems(system: System) {
  const { releaseDue } = nights(system);

  /** Those who care are found, and started. */
  async function spread(): Promise<void> {
    await system.refresh();
    await spreadWishNews(system.db, system.clock.now());
    await system.pass('1 second');
    await releaseDue();
  }

  /** And what was collected is told. */
  async function collected(): Promise<void> {
    await spread();
    await system.pass('31 minutes');
  }

  return { spread, collected };
}
