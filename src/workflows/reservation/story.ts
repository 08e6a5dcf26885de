import { setCurrentDetails } from '@temporalio/workflow';
import { readable, toBusiness } from '#domain/clock.ts';
import type { TimeScale } from '#domain/journey.ts';
import type { LookAnswer } from '#domain/queue-run.ts';

/** Lines that are shown; the rest is in the database. */
const most = 40;

/** What an engineer reads of a queue in Temporal UI (Current Details): who holds the item, who waits, and what has happened. Customers
 *  are opaque ids, times business time. */
export class QueueStory {
  private readonly time: TimeScale;
  private readonly lines: string[] = [];

  constructor(time: TimeScale) {
    this.time = time;
  }

  /** What has happened, a line of markdown each. */
  tell(lines: readonly string[]): void {
    const at = readable(toBusiness(Date.now(), this.time));
    this.lines.push(...lines.map((line) => `- ${at} · ${line}`));
    this.lines.splice(0, this.lines.length - most);
  }

  show({ state, hold, waiting }: LookAnswer, lookAt: number | null): void {
    const until = hold?.until ? `until **${readable(hold.until)}**` : 'the offer is on its way';
    const holder = hold === null ? [] : [`Kept for \`${hold.customerId}\`: ${until}`];
    const rows = waiting.map((customer, index) => `| ${index + 1} | \`${customer}\` |`);
    const queue = rows.length === 0 ? ['Nobody waits.'] : [['| place | customer |', '|---|---|', ...rows].join('\n')];
    const next = lookAt === null ? [] : [`Looks again at ${readable(lookAt)} at the latest.`];
    setCurrentDetails([`### The item is ${state}`, ...holder, ...queue, ...next, this.lines.join('\n')].join('\n\n'));
  }
}
