import {
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  isCancellation,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { JourneyActivities } from '#activities/journeys.ts';
import { readable, toBusiness, wallDuration } from '#domain/clock.ts';
import {
  type Contract,
  contactClasses,
  type Entry,
  type Next,
  type Notice,
  noticeKinds,
  type Outcome,
} from '#domain/journey.ts';
import { Story } from './story.ts';

export const whatNext = defineQuery<Next | null>('whatNext');

/** As Temporal UI explains them. */
const meanings: Record<Notice['kind'], string> = {
  start: 'Something happened that starts the journey where none runs',
  goal: 'What the journey is for may have happened: it looks, and ends if so',
  exit: 'The customer must not be followed any further',
  advance: 'The channel that was written to has failed: it looks at once whether the next one goes',
};

const retry = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' } as const;

/** One customer's way through one journey. The database knows the truth; this is its memory between two waits. */
export class Run {
  private readonly contract: Contract;
  private readonly entry: Entry;
  private readonly priority: { priorityKey: number };
  private runId: string | null = null;
  private next: Next | null = null;
  private asked = 0;
  private interruptions: Notice[] = [];
  private starts = 0;
  private advances = 0;
  /** Those that the last question to the database came after. */
  private advancesSeen = 0;
  private cancellation: unknown = null;
  private notEntered: Outcome | null = null;
  private readonly story: Story;

  constructor(contract: Contract, entry: Entry) {
    this.contract = contract;
    this.entry = entry;
    this.priority = { priorityKey: contactClasses.indexOf(contract.class) + 1 };
    this.story = new Story(entry.time);
    for (const kind of noticeKinds)
      setHandler(defineSignal<[Notice]>(kind), (notice) => this.hear(notice), { description: meanings[kind] });
    setHandler(whatNext, () => this.next, { description: 'What the run waits for, and until when (business time)' });
  }

  /** Only notes what came: nothing that a handler starts could outlive the run. */
  private hear(notice: Notice): void {
    if (notice.kind === 'start') this.starts += 1;
    else if (notice.kind === 'advance') this.advances += 1;
    else this.interruptions.push(notice);
  }

  /** Asks whether the customer enters, and what to wait for first. */
  async enter(): Promise<void> {
    const { continuedFromExecutionRunId: earlier } = workflowInfo();
    // Temporal keeps the search attributes of a workflow that continues as new, but not its summary and details.
    if (earlier !== undefined)
      this.story.tell(`Follows workflow run \`${earlier}\`: customer \`${this.entry.customerId}\` went on`);
    const { enter } = this.doing('Does this customer enter?');
    const before = this.starts;
    // Cancelled in between, it would leave a row of a run that nobody follows; so it enters, and then ends cleanly.
    const answer = await CancellationScope.nonCancellable(() => enter(this.entry));
    if (answer.entered) {
      this.runId = answer.runId;
      // A run that is taken up again (its workflow was reset) goes on counting.
      this.asked = answer.asked;
      this.next = answer.next;
      this.story.tell(
        `${answer.asked === 0 ? 'Entered' : 'Goes on'} as run \`${answer.runId}\`, ${settingsOf(answer)}`,
      );
    } else {
      this.notEntered = answer.outcome;
      this.story.now(`Did not enter: ${answer.outcome.replace('not_entered:', '')}`);
      if (this.starts > before) await this.startAgain(this.entry.triggerAt);
    }
  }

  /** Sleeps until the next step is due. False when nothing is left, or goal, exit or cancellation came first. */
  async nextIsDue(): Promise<boolean> {
    if (this.next === null || this.isInterrupted()) return false;
    const wait = wallDuration(this.next.due - this.now(), this.entry.time);
    if (wait <= 0) return true;
    // A provider may tell of a failure before our question whether it takes the message has come back.
    if (this.hasAdvanced()) return true;
    const { say, due } = this.next;
    this.story.now(say, due);
    try {
      const summary = `${say}, due ${readable(due)}`;
      await condition(() => this.interruptions.length > 0 || this.hasAdvanced(), Math.ceil(wait), { summary });
    } catch (error) {
      this.cancelledBy(error);
    }
    return !this.isInterrupted();
  }

  /** Whether it has waited in that block to the end. */
  hasWaitedIn(block: string): boolean {
    return this.next !== null && this.next.block === block && this.next.due <= this.now();
  }

  /** Decides, renders, sends and records in one activity; its answer says what to wait for now. */
  async deliver(): Promise<void> {
    const { next, runId } = this;
    if (next === null || runId === null) return;
    this.asked += 1;
    this.advancesSeen = this.advances;
    const { block, iteration, channel } = next;
    const { deliver } = this.doing(this.question(block), `send-${channel}`);
    const { journey, customerId, key } = this.entry;
    const request = { runId, journey, customerId, key, ask: this.asked, block, iteration, channel };
    try {
      const answer = await deliver(request);
      this.next = answer.next;
      this.story.tell(answer.story);
    } catch (error) {
      this.cancelledBy(error);
    }
  }

  /** Closes the run under the customer's lock and says how it ended; null after a false alarm: it goes on. Activity
   *  that the run had not read, and a trigger that came after the closing, start a fresh run: none is forgotten. */
  async finish(): Promise<Outcome | null> {
    const { runId, entry } = this;
    if (runId === null) return this.notEntered;
    const why = this.whyNow();
    const exit = this.cancellation === null ? exitReason(this.interruptions) : 'stopped';
    // What comes while the run is being closed may be no false alarm, and is kept.
    this.interruptions = [];
    if (why !== null) this.story.tell(why);
    const { finish } = this.doing(`Close the run: ${why ?? 'nothing is left to do'}`);
    const before = this.starts;
    const { journey, customerId, key } = entry;
    const answer = await CancellationScope.nonCancellable(() => finish({ runId, journey, customerId, key, exit }));
    if (!answer.ended) {
      this.next = answer.next;
      this.story.tell(why === null ? 'There is more to wait for: goes on' : 'That does not end it: goes on waiting');
      return null;
    }
    this.next = null;
    this.story.now(`Ended: ${answer.outcome}`);
    if (this.cancellation !== null) throw this.cancellation;
    if (answer.again !== null) await this.startAgain(answer.again.triggerAt);
    if (this.starts > before) await this.startAgain(new Date(this.now()).toISOString());
    return answer.outcome;
  }

  /** A person's cancellation is kept until the run is closed; any other error is thrown on. */
  private cancelledBy(error: unknown): void {
    if (isCancellation(error)) this.cancellation = error;
    // The last attempt of an activity that a cancellation keeps from being tried again.
    else if (CancellationScope.current().consideredCancelled) this.cancellation = new CancelledFailure('stopped');
    else throw error;
  }

  private hasAdvanced(): boolean {
    return this.advances > this.advancesSeen;
  }

  private isInterrupted(): boolean {
    return this.interruptions.length > 0 || this.cancellation !== null;
  }

  private now(): number {
    return toBusiness(Date.now(), this.entry.time);
  }

  /** Activities under a summary that says what for. Without a queue of their own they run where the workflow does. */
  private doing(summary: string, taskQueue = workflowInfo().taskQueue) {
    this.story.now(summary);
    return proxyActivities<JourneyActivities>({
      taskQueue,
      startToCloseTimeout: '2 minutes',
      // Only a submission may take longer than this, and it heartbeats.
      heartbeatTimeout: '20 seconds',
      retry,
      // A send under way is not cut off in the middle; one that waits to be tried again is not tried again.
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      priority: this.priority,
      summary,
    });
  }

  private startAgain(triggerAt: string): Promise<never> {
    return continueAsNew<(entry: Entry) => Promise<Outcome>>({ ...this.entry, triggerAt });
  }

  /** What is asked when a block's time has come. */
  private question(block: string): string {
    const known = this.contract.blocks[block];
    return known?.kind === 'message' ? `Send ${block}? ${known.title}` : 'What to send now?';
  }

  /** What ends the wait early, or null where nothing does. */
  private whyNow(): string | null {
    if (this.cancellation !== null) return 'stopped by a person';
    const [first] = this.interruptions;
    return first === undefined ? null : `${first.reason} (${first.kind})`;
  }
}

function settingsOf({ settingsVersion }: { settingsVersion: number }): string {
  return settingsVersion === 0 ? 'default settings' : `settings version ${settingsVersion}`;
}

function exitReason(notices: readonly Notice[]): string | null {
  return notices.find((notice) => notice.kind === 'exit')?.reason ?? null;
}

/** What most journeys do: whoever enters is written to whenever a step is due, until the run is closed. */
export async function follow(contract: Contract, entry: Entry): Promise<Outcome> {
  const run = await enter(contract, entry);
  for (;;) {
    while (await run.nextIsDue()) await run.deliver();
    const outcome = await run.finish();
    if (outcome !== null) return outcome;
  }
}

/** The first line of a journey. */
export async function enter(contract: Contract, entry: Entry): Promise<Run> {
  const run = new Run(contract, entry);
  await run.enter();
  return run;
}
