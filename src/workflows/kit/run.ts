import {
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { JourneyActivities } from '#activities/journeys.ts';
import { toBusiness, wallDuration } from '#domain/clock.ts';
import { type Contract, contactClasses, type Entry, type Next, type Notice, type Outcome } from '#domain/journey.ts';

export const notice = defineSignal<[Notice]>('notice');
export const whatNext = defineQuery<Next | null>('whatNext');

const retry = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' } as const;

/** One customer's way through one journey. The database knows the truth; this is its memory between two waits. */
export class Run {
  private readonly entry: Entry;
  private readonly priority: { priorityKey: number };
  private runId: string | null = null;
  private next: Next | null = null;
  private asked = 0;
  private interruption: Notice | null = null;
  private starts = 0;
  private cancellation: unknown = null;
  private notEntered: Outcome | null = null;
  private readonly story: string[] = [];

  constructor(contract: Contract, entry: Entry) {
    this.entry = entry;
    this.priority = { priorityKey: contactClasses.indexOf(contract.class) + 1 };
    // Handlers are synchronous and only note what came: nothing that they start could outlive the run.
    setHandler(notice, (news) => {
      if (news.kind === 'start') this.starts += 1;
      else this.interruption ??= news;
    });
    setHandler(whatNext, () => this.next);
  }

  /** Asks whether the customer enters, and what to wait for first. */
  async enter(): Promise<void> {
    const { enter } = this.activities('Does this customer enter?');
    const before = this.starts;
    const answer = await enter(this.entry);
    if (answer.entered) {
      this.runId = answer.runId;
      // A run that is taken up again (its workflow was reset) goes on counting.
      this.asked = answer.asked;
      this.next = answer.next;
      this.tell(`Entered as run \`${answer.runId}\`, settings version ${answer.settingsVersion}`);
    } else {
      this.notEntered = answer.outcome;
      this.tell(`Did not enter: ${answer.outcome}`);
      if (this.starts > before) await this.startAgain(this.entry.triggerAt);
    }
  }

  /** Sleeps until the next step is due. False when nothing is left, or goal, exit or cancellation came first. */
  async nextIsDue(): Promise<boolean> {
    if (this.next === null || this.isInterrupted()) return false;
    const wait = wallDuration(this.next.due - this.now(), this.entry.time);
    if (wait <= 0) return true;
    this.show();
    try {
      await condition(() => this.interruption !== null, Math.ceil(wait), { summary: this.next.say });
    } catch (error) {
      if (!isCancellation(error)) throw error;
      this.cancellation = error;
    }
    return !this.isInterrupted();
  }

  /** Decides, renders, sends and records in one activity; its answer says what to wait for now. */
  async deliver(): Promise<void> {
    const { next, runId } = this;
    if (next === null || runId === null) return;
    this.asked += 1;
    const { block, iteration, channel } = next;
    const { deliver } = this.activities(`Decide and send: ${block}`, `send-${channel}`);
    const { journey, customerId, key } = this.entry;
    const request = { runId, journey, customerId, key, ask: this.asked, block, iteration, channel };
    // A send under way is never cut off in the middle: cancellation waits for its answer.
    const answer = await CancellationScope.nonCancellable(() => deliver(request));
    this.next = answer.next;
    this.tell(answer.story);
  }

  /** Closes the run under the customer's lock and says how it ended; null after a false alarm: it goes on. Activity
   *  that the run had not read, and a trigger that came after the closing, start a fresh run: none is forgotten. */
  async finish(): Promise<Outcome | null> {
    const { runId, entry } = this;
    if (runId === null) return this.notEntered;
    const { finish } = this.activities('Close the run');
    const before = this.starts;
    const exit = this.cancellation === null ? exitReason(this.interruption) : 'stopped';
    const { journey, customerId, key } = entry;
    const answer = await CancellationScope.nonCancellable(() => finish({ runId, journey, customerId, key, exit }));
    if (!answer.ended) {
      this.interruption = null;
      this.next = answer.next;
      return null;
    }
    this.next = null;
    this.tell(`**${answer.outcome}**`);
    if (this.cancellation !== null) throw this.cancellation;
    if (answer.again !== null) await this.startAgain(answer.again.triggerAt);
    if (this.starts > before) await this.startAgain(new Date(this.now()).toISOString());
    return answer.outcome;
  }

  private isInterrupted(): boolean {
    return this.interruption !== null || this.cancellation !== null;
  }

  private now(): number {
    return toBusiness(Date.now(), this.entry.time);
  }

  /** Without a queue of their own activities run where the workflow does. */
  private activities(summary: string, taskQueue = workflowInfo().taskQueue) {
    return proxyActivities<JourneyActivities>({
      taskQueue,
      startToCloseTimeout: '2 minutes',
      // Only a submission may take longer than this, and it heartbeats.
      heartbeatTimeout: '20 seconds',
      retry,
      priority: this.priority,
      summary,
    });
  }

  private startAgain(triggerAt: string): Promise<never> {
    return continueAsNew<(entry: Entry) => Promise<Outcome>>({ ...this.entry, triggerAt });
  }

  private tell(line: string): void {
    this.story.push(`- ${new Date(this.now()).toISOString().slice(0, 16).replace('T', ' ')} · ${line}`);
    this.show();
  }

  /** What an engineer reads in Temporal UI: what happened, what it waits for, until when. */
  private show(): void {
    const waits = this.next && `\n\nWaits for **${this.next.block}** until ${new Date(this.next.due).toISOString()}`;
    setCurrentDetails(`### ${this.entry.journey}\n\n${this.story.join('\n')}${waits ?? ''}`);
  }
}

function exitReason(interruption: Notice | null): string | null {
  return interruption?.kind === 'exit' ? interruption.reason : null;
}

/** The first line of every journey. */
export async function enter(contract: Contract, entry: Entry): Promise<Run> {
  const run = new Run(contract, entry);
  await run.enter();
  return run;
}
