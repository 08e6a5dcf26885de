import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { SharedRunActivities } from '#activities/journeys.ts';
import { readable, toBusiness, wallDuration } from '#domain/clock.ts';
import { type Contract, contactClasses, type Entry, noticeKinds, type Outcome } from '#domain/journey.ts';
import type { LookAnswer, Notice, QueueAnswer, QueueAsk } from '#domain/queue-run.ts';
import type { TellAnswer } from '#domain/telling.ts';
import { QueueStory } from './story.ts';

export const askQueue = defineUpdate<QueueAnswer, [QueueAsk]>('ask');
export const queueNow = defineQuery<Pick<LookAnswer, 'state' | 'hold' | 'waiting'> | null>('queue');

interface Asked {
  ask: QueueAsk;
  answer: QueueAnswer | null;
}

/** A message that is being told (`isBusy`), or waits for its hour. */
interface Telling {
  notice: Notice;
  isBusy: boolean;
}

const retry = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' } as const;

/** Events of a history that is long; a replay of it still takes well under a second. */
const longHistory = 2_000;

/** Nothing waits for a signal without an end: an item may stay with a customer for long. */
const longRestMs = 30 * 24 * 3_600_000;

/** Wall ms by which the clocks of server and workers may differ: nobody gives up a message sooner than its time. */
const slackMs = 1_000;

/** The workflow's memory between two looks: who asks, what is being told, and when to look again. Made where the run can be cancelled
 *  (then it is stopped: messages are given up), and used where it cannot. */
export class ItemQueue {
  private readonly entry: Entry;
  private readonly priority: { priorityKey: number };
  private readonly story: QueueStory;
  private readonly asked = new Set<Asked>();
  private readonly tellings = new Map<string, Telling>();
  /** Given up here: looked at again, they are told no more by this workflow run. */
  private readonly givenUp = new Set<string>();
  private readonly telling = new CancellationScope();
  private last: LookAnswer | null = null;
  private alarm: { at: number; scope: CancellationScope } | null = null;
  private restsUntil: number | null = null;
  /** Something was said that the last look has not seen. */
  private isStale = false;
  private isStopped = false;
  private hasRung = false;
  /** A message was told or put off, so that the next alarm may be another. */
  private hasMoved = false;

  constructor(contract: Contract, entry: Entry) {
    this.entry = entry;
    this.priority = { priorityKey: contactClasses.indexOf(contract.class) + 1 };
    this.story = new QueueStory(entry.time);
    for (const kind of noticeKinds)
      setHandler(defineSignal(kind), () => this.hear(), { description: 'Something was said of the item: it looks' });
    setHandler(askQueue, (ask) => this.answer(ask), {
      description: 'Somebody joins or leaves; answers their position',
    });
    setHandler(queueNow, () => this.queue(), { description: 'Who holds the item, until when, and who waits for it' });
    void CancellationScope.current().cancelRequested.catch(() => {
      this.isStopped = true;
    });
  }

  /** Looks at the rows: takes in what was said, ends what is over, offers the item to whoever is next. The outcome, where nobody
   *  waits any more; null: it goes on. */
  async look(): Promise<Outcome | null> {
    this.isStale = false;
    const asked = [...this.asked].filter(({ answer }) => answer === null);
    const { lookAtQueue } = this.doing(this.isStopped ? 'Stopped by a person: everybody leaves' : 'Looks at the queue');
    const { journey, key: itemId } = this.entry;
    const stop = this.isStopped;
    const request = { journey, itemId, asks: asked.map(({ ask }) => ask), stop };
    const last = await lookAtQueue(request);
    for (const [place, one] of asked.entries()) one.answer = last.answers[place] ?? { result: 'erased' };
    if (last.hold !== null || this.now() >= (this.restsUntil ?? 0)) this.restsUntil = null;
    this.last = last;
    this.story.tell(last.story);
    this.takeOver(last.notices);
    if (last.outcome === null || (await this.somethingCame())) return null;
    if (stop) throw new CancelledFailure('stopped');
    return last.outcome;
  }

  /** Tells what is due meanwhile. */
  async untilSomethingIsNew(): Promise<void> {
    for (;;) {
      this.tellDue();
      this.setAlarm(this.nextAlarm());
      this.show();
      await condition(() => this.isNew() || this.hasRung || this.hasMoved);
      const isTime = this.hasRung && this.now() >= (this.lookAt() ?? Number.POSITIVE_INFINITY);
      this.hasRung = false;
      this.hasMoved = false;
      if (this.isNew() || isTime) return;
    }
  }

  /** Years fit into no history. What is open is in the rows, and found there. */
  async startAnewIfLong(): Promise<void> {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    if (historyLength < longHistory && !continueAsNewSuggested) return;
    if (this.isBusy() || this.isStopped || !allHandlersFinished()) return;
    await continueAsNew<(entry: Entry) => Promise<Outcome>>(this.entry);
  }

  private hear(): void {
    this.isStale = true;
  }

  private async answer(ask: QueueAsk): Promise<QueueAnswer> {
    const asked: Asked = { ask, answer: null };
    this.asked.add(asked);
    await condition(() => asked.answer !== null);
    this.asked.delete(asked);
    return asked.answer ?? { result: 'erased' };
  }

  private queue(): Pick<LookAnswer, 'state' | 'hold' | 'waiting'> | null {
    if (this.last === null) return null;
    const { state, hold, waiting } = this.last;
    return { state, hold, waiting };
  }

  private isNew(): boolean {
    return this.isStale || [...this.asked].some(({ answer }) => answer === null) || (this.isStopped && !this.isOver());
  }

  private isOver(): boolean {
    return this.last !== null && this.last.outcome !== null;
  }

  private isBusy(): boolean {
    return [...this.tellings.values()].some((one) => one.isBusy);
  }

  /** Before the end: whatever is under way is waited for, unless something came that must be looked at. */
  private async somethingCame(): Promise<boolean> {
    const isQuiet = () => allHandlersFinished() && !this.isBusy();
    await condition(() => this.isNew() || isQuiet());
    return this.isNew();
  }

  private takeOver(notices: readonly Notice[]): void {
    const open = new Map(notices.map((notice) => [notice.ref, notice]));
    for (const [ref, { isBusy }] of this.tellings) if (!isBusy && !open.has(ref)) this.tellings.delete(ref);
    for (const [ref, notice] of open) {
      if (this.givenUp.has(ref) || this.tellings.get(ref)?.isBusy) continue;
      this.tellings.set(ref, { notice, isBusy: false });
    }
  }

  private tellDue(): void {
    const now = this.now();
    for (const one of this.tellings.values()) if (!one.isBusy && one.notice.due <= now) void this.tell(one);
  }

  /** One message on one channel, beside all else. */
  private async tell(telling: Telling): Promise<void> {
    telling.isBusy = true;
    const { givenUpAfterMs, ...notice } = telling.notice;
    const { journey, key } = this.entry;
    const runId = this.last?.runId ?? '';
    const left = wallDuration(notice.due + givenUpAfterMs - this.now(), this.entry.time) + slackMs;
    const { tell } = this.doing(`Tell ${notice.message} by ${notice.channel}`, notice.channel, left);
    const answer = await this.telling.run(() => tell({ ...notice, runId, journey, key }).catch(() => null));
    telling.isBusy = false;
    this.hasMoved = true;
    this.told(telling, answer);
  }

  /** Null: its time is over, or the queue was stopped. */
  private told(telling: Telling, answer: TellAnswer | null): void {
    const { notice } = telling;
    if (answer !== null) this.story.tell([answer.story]);
    if (answer?.result === 'deferred') {
      telling.notice = { ...notice, due: answer.until };
      return;
    }
    this.tellings.delete(notice.ref);
    if (answer === null) this.givenUp.add(notice.ref);
    const hold = this.last?.hold;
    if (answer?.result === 'told' && answer.next !== null && hold) hold.until = answer.next;
    const isOffering = hold?.until === null;
    const isNobodyLeft = !hold && this.last?.waiting.length === 0;
    // Nobody took the offer, or nothing is left to do: the rows say what comes next.
    if (answer === null || (isOffering && !this.isTelling('offer')) || (isNobodyLeft && this.tellings.size === 0))
      this.isStale = true;
  }

  private isTelling(message: string): boolean {
    return [...this.tellings.values()].some(({ notice }) => notice.message === message);
  }

  /** When the rows must be looked at again. While an offer is on its way, its answer says so; where only news can change anything,
   *  at the end of a long rest, which whoever joins meanwhile does not begin anew. */
  private lookAt(): number | null {
    if (this.last === null) return null;
    const { hold, wake } = this.last;
    if (hold !== null) return hold.until ?? (this.isTelling('offer') ? null : wake);
    if (wake !== null) return wake;
    // Once the last message is told, this ends.
    if (this.last.waiting.length === 0) return null;
    this.restsUntil ??= this.now() + longRestMs;
    return this.restsUntil;
  }

  private nextAlarm(): number | null {
    const waiting = [...this.tellings.values()].flatMap(({ isBusy, notice }) => (isBusy ? [] : [notice.due]));
    const look = this.lookAt();
    const all = look === null ? waiting : [...waiting, look];
    return all.length === 0 ? null : Math.min(...all);
  }

  /** One timer at a time, kept as long as its instant is the next: whoever joins meanwhile costs none. */
  private setAlarm(at: number | null): void {
    if (this.alarm?.at === at) return;
    this.alarm?.scope.cancel();
    this.alarm = null;
    if (at === null) return;
    const scope = new CancellationScope();
    const alarm = { at, scope };
    this.alarm = alarm;
    const wall = Math.max(1, Math.ceil(wallDuration(at - this.now(), this.entry.time)));
    const ring = () => {
      this.hasRung = true;
      if (this.alarm === alarm) this.alarm = null;
    };
    scope.run(() => sleep(wall, { summary: `${this.waitsFor()}, until ${readable(at)}` })).then(ring, () => {});
  }

  private waitsFor(): string {
    if (this.last?.hold?.until) return 'Kept for its holder';
    return this.last?.hold ? 'An offer waits' : 'Looks again at the latest';
  }

  private show(): void {
    if (this.last !== null) this.story.show(this.last, this.lookAt());
  }

  private now(): number {
    return toBusiness(Date.now(), this.entry.time);
  }

  /** Without a channel it is one of the queue's own, and tried until it is done. */
  private doing(summary: string, channel?: Notice['channel'], withinMs?: number) {
    return proxyActivities<SharedRunActivities>({
      taskQueue: channel === undefined ? workflowInfo().taskQueue : `send-${channel}`,
      startToCloseTimeout: '2 minutes',
      heartbeatTimeout: '20 seconds',
      ...(withinMs !== undefined && { scheduleToCloseTimeout: Math.ceil(withinMs) }),
      retry,
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      priority: this.priority,
      summary,
    });
  }
}
