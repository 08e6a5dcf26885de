import { setCurrentDetails } from '@temporalio/workflow';
import { readable, toBusiness, toWall } from '#domain/clock.ts';
import type { TimeScale } from '#domain/journey.ts';

/** What an engineer reads of a run in Temporal UI (User Metadata, Current Details), without our code: what it does now, and
 *  what has happened. Times are business time; where that runs faster than the wall, both are told. */
export class Story {
  private readonly time: TimeScale;
  private readonly lines: string[] = [];
  private headline = '';

  constructor(time: TimeScale) {
    this.time = time;
  }

  /** What has happened, as one line of markdown. */
  tell(line: string): void {
    const at = readable(toBusiness(Date.now(), this.time));
    this.lines.push(`- ${at} · ${line}`);
    this.show();
  }

  /** What the run does from now on, and when that is over (business time, epoch ms). */
  now(doing: string, due?: number): void {
    this.headline = due === undefined ? `### ${doing}` : `### ${doing}\n\ndue ${this.bothTimes(due)}`;
    this.show();
  }

  private bothTimes(due: number): string {
    const business = `**${readable(due)}**`;
    if (this.time.scale === 1) return business;
    return `${business} (on the wall ${seconds(toWall(due, this.time))})`;
  }

  private show(): void {
    const parts = [this.headline, this.lines.join('\n')];
    if (this.time.scale !== 1) parts.push(`Times are business time: a day passes in ${dayOf(this.time)}.`);
    setCurrentDetails(parts.join('\n\n'));
  }
}

function seconds(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** How long a business day takes on the wall. */
function dayOf({ scale }: TimeScale): string {
  const day = 86_400 / scale;
  return day < 120 ? `${Number(day.toPrecision(2))} s` : `${Number((day / 60).toPrecision(2))} min`;
}
