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

  /** What the run does from now on, and until when (business time, epoch ms). */
  now(doing: string, until?: number): void {
    this.headline = until === undefined ? `### ${doing}` : `### ${doing}\n\nuntil ${this.bothTimes(until)}`;
    this.show();
  }

  private bothTimes(until: number): string {
    const business = `**${readable(until)}**`;
    if (this.time.scale === 1) return business;
    return `${business}, which is ${new Date(toWall(until, this.time)).toISOString()} on the wall`;
  }

  private show(): void {
    const parts = [this.headline, this.lines.join('\n')];
    if (this.time.scale !== 1) parts.push(`Times are business time: a day passes in ${dayOf(this.time)}.`);
    setCurrentDetails(parts.join('\n\n'));
  }
}

/** How long a business day takes on the wall. */
function dayOf({ scale }: TimeScale): string {
  const seconds = 86_400 / scale;
  return seconds < 120 ? `${Number(seconds.toPrecision(2))} s` : `${Number((seconds / 60).toPrecision(2))} min`;
}
