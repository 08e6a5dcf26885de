import type { Run } from './run.ts';
import {
  type Activation,
  type Command,
  type Completion,
  decodeActivation,
  encodeActivation,
  errorOf,
  type Failure,
  fromPayload,
  type Isolates,
  type Job,
  timestamp,
} from './sdk.ts';

/** A workflow task that failed: workflow code that threw what is no failure of the workflow, or is not deterministic. The
 *  machine stands still from then on, as a worker that tries the task again for ever would. */
export class WorkflowTaskFailed extends Error {
  override name = 'WorkflowTaskFailed';
  readonly workflowId: string;
  readonly runId: string;
  /** Virtual time. */
  readonly at: Date;

  constructor(run: Run, at: Date, failure: Failure, stack: string) {
    const { workflowId, type } = run.origin;
    const where = `${type} ${workflowId} at ${at.toISOString()} of virtual time`;
    super(`The workflow task of ${where} failed: ${failure.message}\n${stack}`);
    this.workflowId = workflowId;
    this.runId = run.runId;
    this.at = at;
  }
}

/** Server's hint for continue-as-new. */
const longHistory = 4_096;

/** The workflow code in memory: at most `most` runs. Others are rebuilt from their log when they are activated. */
export class Residents {
  private readonly isolates: Isolates;
  private readonly most: number;
  private readonly seed: string;
  private readonly now: () => number;
  /** Longest untouched first. */
  private readonly kept = new Set<Run>();
  /** One call at a time enters the shared context of workflow code. */
  private turn: Promise<unknown> = Promise.resolve();
  readonly counts = { activations: 0, rebuilt: 0 };

  constructor(isolates: Isolates, options: { most: number; seed: string; now: () => number }) {
    this.isolates = isolates;
    this.most = options.most;
    this.seed = options.seed;
    this.now = options.now;
  }

  /** Tells the run's code `jobs`; what it commands. */
  activate(run: Run, jobs: Job[]): Promise<Command[]> {
    return this.exclusively(async () => {
      const activation = this.activation(run, jobs);
      const { commands, flags } = this.successful(run, await this.enter(run, activation));
      this.counts.activations += 1;
      run.flags = [...new Set([...run.flags, ...flags])];
      run.log.add(encodeActivation(forReplay(activation, commands, run.flags)));
      await this.evictOldest();
      return commands;
    });
  }

  /** Asks without leaving a trace. Throws what the query's handler throws. */
  query<T>(run: Run, name: string, args: Job['queryWorkflow']): Promise<T> {
    return this.exclusively(async () => {
      const jobs = [{ queryWorkflow: { ...args, queryId: 'query', queryType: name } }];
      const { commands } = this.successful(run, await this.enter(run, this.activation(run, jobs)));
      await this.evictOldest();
      const answer = commands[0]?.respondToQuery;
      if (answer?.failed) throw errorOf(answer.failed);
      return fromPayload<T>(answer?.succeeded?.response ?? {});
    });
  }

  /** Lets go of a run's code. */
  forget(run: Run): Promise<void> {
    return this.exclusively(() => this.evict(run));
  }

  async close(): Promise<void> {
    for (const run of [...this.kept]) await this.forget(run);
    await this.isolates.close();
  }

  private exclusively<T>(act: () => Promise<T>): Promise<T> {
    const result = this.turn.then(act);
    this.turn = result.catch(() => {});
    return result;
  }

  private activation(run: Run, jobs: Job[]): Activation {
    return {
      runId: run.runId,
      timestamp: timestamp(this.now()),
      isReplaying: false,
      historyLength: run.historyLength,
      continueAsNewSuggested: run.historyLength > longHistory,
      availableInternalFlags: run.flags,
      jobs,
    };
  }

  private async enter(run: Run, activation: Activation): Promise<Completion> {
    run.isolate ??= await this.rebuild(run);
    this.kept.delete(run);
    this.kept.add(run);
    return run.isolate.activate(activation);
  }

  private async rebuild(run: Run) {
    const { origin, runId, startedAt } = run;
    const { chain, parent } = origin;
    const identity = {
      workflowId: origin.workflowId,
      runId,
      type: origin.type,
      firstRunId: chain?.firstRunId ?? runId,
      previousRunId: chain?.previousRunId,
      parent: parent && { workflowId: parent.run.origin.workflowId, runId: parent.run.runId },
      taskQueue: origin.taskQueue,
      startedAt,
    };
    const isolate = await this.isolates.create(identity, `${this.seed}/${runId}`, this.now);
    if (!run.log.isEmpty) this.counts.rebuilt += 1;
    for (const bytes of run.log.entries()) this.successful(run, await isolate.activate(decodeActivation(bytes)));
    return isolate;
  }

  private successful(run: Run, completion: Completion) {
    if (!('failure' in completion)) return completion;
    const { failure } = completion;
    const stack = this.isolates.readable(failure.stackTrace ?? '');
    throw new WorkflowTaskFailed(run, new Date(this.now()), failure, stack);
  }

  private async evictOldest(): Promise<void> {
    for (const run of this.kept) {
      if (this.kept.size <= this.most) return;
      await this.evict(run);
    }
  }

  private async evict(run: Run): Promise<void> {
    this.kept.delete(run);
    const { isolate } = run;
    run.isolate = null;
    run.log.pack();
    await isolate?.dispose();
  }
}

/** As Core tells it again: patches that this very activation set are known before it, and so are the flags. */
function forReplay(activation: Activation, commands: Command[], flags: number[]): Activation {
  const patches = commands.flatMap(({ setPatchMarker }) =>
    setPatchMarker ? [{ notifyHasPatch: { patchId: setPatchMarker.patchId ?? '' } }] : [],
  );
  const jobs = [...patches, ...(activation.jobs ?? [])];
  return { ...activation, isReplaying: true, availableInternalFlags: flags, jobs };
}
