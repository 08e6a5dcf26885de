import { AsyncLocalStorage } from 'node:async_hooks';
import { drawIdsFrom } from '#db/ids.ts';
import { Activities, type ActivityFunction } from './activities.ts';
import { closeChildren, tellParent } from './children.ts';
import { obey } from './commands.ts';
import { Log } from './log.ts';
import { Queue } from './queue.ts';
import { Residents } from './residents.ts';
import { type Origin, type Result, Run } from './run.ts';
import { type Bundle, type Isolates, type Job, openIsolates, payloadsOf, timestamp } from './sdk.ts';
import { drawsOf, uuidOf } from './seeds.ts';
import { Updates } from './updates.ts';

export interface EngineOptions {
  bundle: Bundle;
  activities: Readonly<Record<string, ActivityFunction>>;
  start: Date;
  /** Same seed, same inputs: the same bytes. */
  seed: string;
  /** Runs whose code stays in memory, about 50 kB each; others, under 4 kB each, are rebuilt when they wake. */
  maxCached?: number;
  /** Wall time: see `openIsolates`. */
  taskLimitMs?: number;
  /** Virtual time that an attempt of an activity takes; what it reads as now is its beginning. Those that begin within it
   *  overlap. */
  activityMs?: number;
  /** Activities that share a lane never overlap, so that their order is the queue's; without lanes they go as they come, and
   *  `alone` means that nothing else is under way meanwhile. One lane for all where nothing is said. */
  lanesOf?: (activityType: string, args: unknown[]) => Lanes;
}

export type Lanes = readonly string[] | 'alone';

const defaultCached = 2_000;
const defaultActivityMs = 100;
/** Virtual time from what somebody tells a run to its hearing of it. Not zero, since in life what comes of an event comes
 *  after it: what is newer than the event must not have its instant. */
const signalMs = 1;
const identity = 'time-machine';

/** Temporal's workflow code on a virtual clock: one queue by (time, sequence), through which everything goes, so that no run
 *  is ever entered while it is under way. */
export class Engine {
  now: number;
  readonly queue = new Queue();
  readonly activities = new Activities(this);
  readonly updates = new Updates(this);
  readonly lanesOf: NonNullable<EngineOptions['lanesOf']>;
  readonly activityMs: number;
  /** The newest run of each workflow id. */
  private readonly runs = new Map<string, Run>();
  private readonly options: EngineOptions;
  private readonly residents: Residents;
  private readonly stopDrawing: () => void;
  private readonly background = new Set<Promise<unknown>>();
  private started = 0;
  private isDriven = false;
  /** A step while somebody outside waits: several that wait take the same one. */
  private inside: Promise<void> | null = null;
  private failure: unknown = null;

  private constructor(options: EngineOptions, isolates: Isolates) {
    this.options = options;
    this.now = options.start.getTime();
    this.lanesOf = options.lanesOf ?? (() => ['all']);
    this.activityMs = options.activityMs ?? defaultActivityMs;
    const { maxCached = defaultCached, seed } = options;
    this.residents = new Residents(isolates, { most: maxCached, seed, now: () => this.now });
    const outside = drawsOf(seed);
    this.stopDrawing = drawIdsFrom(() => (attempts.getStore()?.draw ?? outside)());
  }

  static async open(options: EngineOptions): Promise<Engine> {
    return new Engine(
      options,
      await openIsolates(options.bundle, Object.keys(options.activities), options.taskLimitMs),
    );
  }

  get counts() {
    return { ...this.residents.counts, started: this.started };
  }

  /** Does everything that is due until then. Throws what failed, and again whenever it is asked to go on. */
  async runUntil(until: number): Promise<void> {
    if (this.isDriven) throw new Error('the time machine is running: await runUntil before the next one');
    if (this.failure !== null) throw this.failure;
    this.isDriven = true;
    try {
      await this.settled();
      while (this.queue.nextAt() <= until) await this.step();
      await this.activities.idle();
      this.now = Math.max(this.now, until);
    } catch (error) {
      this.failure = error;
      throw error;
    } finally {
      this.isDriven = false;
    }
  }

  /** What somebody outside waits for: time goes on until it is there. An activity only waits, as the machine goes on meanwhile. */
  async until<T>(result: Promise<T>): Promise<T> {
    if (attempts.getStore() !== undefined) return result;
    const isOurs = !this.isDriven;
    this.isDriven = true;
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    result.then(over, over);
    try {
      await this.settled();
      while (!isOver) {
        if (this.queue.nextAt() === Number.POSITIVE_INFINITY) throw new Error('nothing is left that could answer');
        this.inside ??= this.step().finally(() => {
          this.inside = null;
        });
        await this.inside;
      }
      return await result;
    } finally {
      if (isOurs) this.isDriven = false;
    }
  }

  /** Work of the world outside, such as an event that is stored: nothing else is under way meanwhile. */
  at(instant: number, act: () => Promise<unknown>): void {
    this.queue.add(Math.max(instant, this.now), async () => {
      await this.activities.idle();
      await act();
    });
  }

  /** What must be over before time goes on. */
  waitFor(work: Promise<unknown>): void {
    this.background.add(work);
    const done = () => this.background.delete(work);
    work.then(done, done);
  }

  /** Virtual time; inside an activity, when its attempt began. */
  time(): number {
    return attempts.getStore()?.began ?? this.now;
  }

  /** Runs an attempt of an activity: its time stands still, its ids are drawn for its name, whatever runs beside it. */
  attempt<T>(name: string, began: number, act: () => T): T {
    return attempts.run({ began, draw: drawsOf(`${this.options.seed}/${name}`) }, act);
  }

  activityOf(type: string): ActivityFunction {
    const known = this.options.activities[type];
    if (known) return known;
    return () =>
      Promise.reject(new TypeError(`no activity ${type}: known are ${Object.keys(this.options.activities)}`));
  }

  newest(workflowId: string): Run | undefined {
    return this.runs.get(workflowId);
  }

  live(workflowId: string): Run | undefined {
    const run = this.runs.get(workflowId);
    return run?.isLive ? run : undefined;
  }

  /** Starts a run; its code runs when the queue comes to it. */
  start(origin: Origin): Run {
    if (this.live(origin.workflowId)) throw new Error(`the workflow ${origin.workflowId} runs already`);
    this.started += 1;
    const runId = uuidOf(`${this.options.seed}/${origin.workflowId}/${this.started}`);
    const run = new Run(origin, runId, this.now);
    this.runs.set(origin.workflowId, run);
    this.tell(run, { initializeWorkflow: initialization(run) }, signalMs);
    // From here on they are in the log alone.
    run.origin.args = [];
    return run;
  }

  signal(run: Run, signalName: string, ...args: unknown[]): void {
    this.tell(run, { signalWorkflow: { signalName, input: payloadsOf(args), identity, headers: {} } }, signalMs);
  }

  cancel(run: Run, reason = ''): void {
    this.tell(run, { cancelWorkflow: { reason } });
  }

  query<T>(run: Run, name: string, ...args: unknown[]): Promise<T> {
    return this.residents.query<T>(run, name, { arguments: payloadsOf(args), headers: {} });
  }

  terminate(run: Run, reason: string): void {
    const failure = { message: reason || 'terminated', terminatedFailureInfo: {} };
    this.waitFor(this.end(run, 'terminated', { failed: failure }));
  }

  /** What the run's next activation tells, so many milliseconds from now; there is one for all that comes until then. */
  tell(run: Run, job: Job, afterMs = 0): void {
    if (!run.isLive) return;
    run.jobs.push(job);
    if (run.isScheduled) return;
    run.isScheduled = true;
    this.queue.add(this.now + afterMs, () => this.activate(run));
  }

  /** Ends a run: what it waited for is given up, its parent and children hear of it. */
  async end(run: Run, state: Run['state'], result: Result | null): Promise<void> {
    run.state = state;
    run.result = result;
    run.closedAt = this.now;
    for (const timer of run.timers.values()) timer.act = null;
    run.timers.clear();
    this.activities.drop(run);
    this.updates.drop(run);
    closeChildren(this, run);
    if (result !== null) tellParent(this, run, result);
    run.log = new Log();
    run.jobs = [];
    await this.residents.forget(run);
  }

  async close(): Promise<void> {
    await this.activities.idle();
    this.stopDrawing();
    await this.residents.close();
  }

  private async activate(run: Run): Promise<void> {
    run.isScheduled = false;
    if (!run.isLive) return;
    const jobs = run.jobs.toSorted((a, b) => rank(a) - rank(b));
    run.jobs = [];
    run.historyLength += 3 + jobs.length;
    for (const command of await this.residents.activate(run, jobs)) {
      run.historyLength += 1;
      await obey(this, run, command);
      if (!run.isLive) return;
    }
  }

  private async step(): Promise<void> {
    const item = this.queue.take();
    this.now = item?.at ?? this.now;
    await item?.act?.();
    await this.settled();
  }

  private async settled(): Promise<void> {
    while (this.background.size > 0) await Promise.all(this.background);
  }
}

const attempts = new AsyncLocalStorage<{ began: number; draw: () => Uint8Array }>();

/** As Core orders what it tells: a signal is heard before the timer of the same moment. */
function rank(job: Job): number {
  if (job.initializeWorkflow) return 0;
  return job.signalWorkflow || job.doUpdate ? 1 : 2;
}

function initialization({ origin, runId, startedAt }: Run): Job['initializeWorkflow'] {
  const { chain, parent } = origin;
  return {
    workflowId: origin.workflowId,
    workflowType: origin.type,
    arguments: origin.args,
    headers: origin.headers,
    identity,
    attempt: 1,
    firstExecutionRunId: chain?.firstRunId ?? runId,
    originalExecutionRunId: runId,
    continuedFromExecutionRunId: chain?.previousRunId ?? '',
    startTime: timestamp(startedAt),
    memo: { fields: origin.memo },
    searchAttributes: { indexedFields: origin.searchAttributes },
    ...(parent && {
      parentWorkflowInfo: { workflowId: parent.run.origin.workflowId, runId: parent.run.runId, namespace: 'default' },
    }),
  };
}
