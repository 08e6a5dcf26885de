import { jobs } from '#activities/jobs.ts';
import { releaseStarts } from '#activities/starts.ts';
import { nextStartDue } from '#db/starts.ts';
import { billableActions } from './read-history.ts';
import type { System } from './system.ts';

type Duration = Parameters<System['pass']>[0];

const hour = 3_600_000;

/** What Temporal's servers are paid for of the customer's newest run. */
export async function actionsOf({ db, environment }: System, customerId: string): Promise<number> {
  const runs = db.selectFrom('runs').select('workflow_id').where('customer_id', '=', customerId);
  const { workflow_id: id } = await runs.orderBy('entered_at', 'desc').executeTakeFirstOrThrow();
  return billableActions(await environment.client.workflow.getHandle(id).fetchHistory());
}

/** What schedules and workers do in production, on the time-skipping server: a night's recompute, and starts as they become due. */
export function nights(system: System) {
  async function releaseDue(): Promise<void> {
    await system.refresh();
    const { rows } = await releaseStarts(system.db, system.clock.now(), 1_000);
    await system.relay.push(rows);
  }

  /** Metrics, stages and segments of now, and the starts that follow. */
  async function recompute(): Promise<void> {
    await system.refresh();
    await jobs.metrics(system.db, system.clock.now());
    await jobs.segments(system.db, system.clock.now());
  }

  /** Lets that many days pass, each begun by a recompute; starts go as they become due. */
  async function days(count: number): Promise<void> {
    for (let day = 0; day < count; day += 1) {
      await recompute();
      await system.refresh();
      const end = system.clock.now().getTime() + 24 * hour;
      for (;;) {
        await releaseDue();
        const next = (await nextStartDue(system.db))?.getTime() ?? end;
        const now = system.clock.now().getTime();
        if (now >= end) break;
        await system.pass(Math.max(1_000, Math.min(next, end) - now + 1_000) as Duration);
        await system.refresh();
      }
    }
  }

  return { recompute, releaseDue, days };
}
