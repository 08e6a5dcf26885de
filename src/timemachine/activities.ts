import { MockActivityEnvironment } from '@temporalio/testing';
import type { Engine, Lanes } from './engine.ts';
import type { Item } from './queue.ts';
import { retryOf } from './retry.ts';
import type { Run } from './run.ts';
import {
  type ActivityCommand,
  type ActivityResolution,
  activityCancellation,
  type Failure,
  failureOf,
  millis,
  namespace,
  retryStates,
  toPayload,
  valuesOf,
} from './sdk.ts';

export type ActivityFunction = (...args: never[]) => Promise<unknown>;

/** An activity that a run waits for. */
export interface Task {
  readonly run: Run;
  readonly command: ActivityCommand;
  readonly isLocal: boolean;
  readonly scheduledAt: number;
  attempt: number;
  cancelRequested: boolean;
  /** What runs now; null while it waits for the next attempt. */
  environment: MockActivityEnvironment | null;
  item: Item | null;
}

/** Of those that nothing else may overlap. */
const alone = 'alone';

type Outcome = { value: unknown } | { error: unknown };

const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Real activities. An attempt begins at once, so that those of one instant overlap, and its result is taken `activityMs` later
 *  in the order of the queue, whoever is done first. */
export class Activities {
  private readonly engine: Engine;
  /** The last one in each lane: activities of one lane never overlap. */
  private readonly lanes = new Map<string, Promise<unknown>>();
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(engine: Engine) {
    this.engine = engine;
  }

  schedule(run: Run, command: ActivityCommand, isLocal: boolean): void {
    const scheduledAt = this.engine.now;
    const begun = { attempt: 1, cancelRequested: false, environment: null, item: null };
    const task: Task = { run, command, isLocal, scheduledAt, ...begun };
    run.activities.set(command.seq ?? 0, task);
    this.begin(task);
  }

  /** By the kind of cancellation that the workflow has asked for. */
  cancel(task: Task | undefined): void {
    if (task === undefined || task.cancelRequested) return;
    task.cancelRequested = true;
    const kind = task.command.cancellationType ?? activityCancellation.tryCancel;
    if (kind !== activityCancellation.abandon) task.environment?.cancel('CANCELLED');
    // One that waits for its next attempt has nobody left who could complete it.
    if (kind !== activityCancellation.waitCompleted || task.environment === null) this.resolve(task, cancelled(task));
  }

  /** Of a run that ends: what is still under way comes back to nobody. */
  drop(run: Run): void {
    for (const task of run.activities.values()) if (task.item) task.item.act = null;
    run.activities.clear();
  }

  async idle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  private begin(task: Task): void {
    const { now, activityMs, queue } = this.engine;
    const environment = new MockActivityEnvironment(infoOf(task, now), { logger: quiet });
    task.environment = environment;
    const values = valuesOf(task.command.arguments);
    const lanes = this.engine.lanesOf(task.command.activityType ?? '', values);
    const outcome = this.inTurn(lanes, () => this.execute(task, environment, now, values));
    this.underWay.add(outcome);
    void outcome.then(() => this.underWay.delete(outcome));
    task.item = queue.add(now + activityMs, async () => this.settle(task, await outcome));
  }

  /** After those before it in its lanes, whose outcomes never reject. */
  private inTurn(lanes: Lanes, execute: () => Promise<Outcome>): Promise<Outcome> {
    const before = this.before(lanes);
    const outcome = before.length > 0 ? Promise.all(before).then(execute) : execute();
    const taken = lanes === 'alone' ? [alone] : lanes;
    for (const lane of taken) this.lanes.set(lane, outcome);
    void outcome.then(() => {
      for (const lane of taken) if (this.lanes.get(lane) === outcome) this.lanes.delete(lane);
    });
    return outcome;
  }

  private before(lanes: Lanes): Promise<unknown>[] {
    if (lanes === 'alone') return [...this.underWay];
    return [alone, ...lanes].flatMap((lane) => this.lanes.get(lane) ?? []);
  }

  private execute(
    task: Task,
    environment: MockActivityEnvironment,
    began: number,
    values: unknown[],
  ): Promise<Outcome> {
    const { activityType, seq } = task.command;
    const known = this.engine.activityOf(activityType ?? '');
    const name = `${task.run.runId}/${seq}/${task.attempt}`;
    const done = this.engine.attempt(name, began, () => environment.run(known as never, ...(values as never[])));
    return done.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
  }

  private settle(task: Task, outcome: Outcome): void {
    task.environment = null;
    if (task.run.activities.get(task.command.seq ?? 0) !== task) return;
    const next = following(task, outcome, this.engine.now);
    if ('result' in next) {
      this.resolve(task, next.result);
    } else {
      task.attempt += 1;
      task.item = this.engine.queue.add(this.engine.now + next.after, () => this.begin(task));
    }
  }

  private resolve(task: Task, result: ActivityResolution): void {
    const seq = task.command.seq ?? 0;
    if (task.run.activities.get(seq) !== task) return;
    task.run.activities.delete(seq);
    if (task.item) task.item.act = null;
    this.engine.tell(task.run, { resolveActivity: { seq, result, isLocal: task.isLocal } });
  }
}

/** What an attempt's end means: the activity's result, or another attempt so many milliseconds later. */
function following(task: Task, outcome: Outcome, now: number): { result: ActivityResolution } | { after: number } {
  if ('value' in outcome) return { result: { completed: { result: toPayload(outcome.value) } } };
  const failure = failureOf(outcome.error);
  if (failure.canceledFailureInfo && task.cancelRequested) return { result: cancelled(task) };
  const { attempt, scheduledAt, cancelRequested } = task;
  const verdict = retryOf(task.command, failure, { attempt, scheduledAt, now, cancelRequested });
  if ('after' in verdict) return verdict;
  // Core tells of a local activity's failure as it is.
  if (task.isLocal) return { result: { failed: { failure } } };
  return { result: { failed: { failure: activityFailure(task, failure, verdict.state) } } };
}

function infoOf({ run, command, isLocal, scheduledAt, attempt }: Task, now: number) {
  const { workflowId, type, taskQueue } = run.origin;
  return {
    attempt,
    isLocal,
    activityId: command.activityId ?? '',
    activityType: command.activityType ?? '',
    workflowType: type,
    workflowExecution: { workflowId, runId: run.runId },
    taskQueue: command.taskQueue || taskQueue,
    namespace,
    workflowNamespace: namespace,
    activityNamespace: namespace,
    scheduledTimestampMs: scheduledAt,
    currentAttemptScheduledTimestampMs: now,
    startToCloseTimeoutMs: millis(command.startToCloseTimeout) ?? 0,
    scheduleToCloseTimeoutMs: millis(command.scheduleToCloseTimeout) ?? 0,
    inWorkflow: true,
  };
}

function activityFailure({ command }: Task, cause: Failure, retryState: number): Failure {
  const { activityId, activityType } = command;
  const activityFailureInfo = { activityId, activityType: { name: activityType }, retryState };
  return { message: 'Activity task failed', cause, activityFailureInfo };
}

function cancelled(task: Task): ActivityResolution {
  const cause = { canceledFailureInfo: {} };
  return { cancelled: { failure: activityFailure(task, cause, retryStates.cancelRequested) } };
}
