import type { RunDescription } from '#relay/port.ts';
import type { Task } from './activities.ts';
import { Log } from './log.ts';
import type { Item } from './queue.ts';
import { errorOf, type Failure, fromPayload, type Isolate, type Job, type Payload, type Payloads } from './sdk.ts';

/** What a run is started with. */
export interface Origin {
  workflowId: string;
  type: string;
  args: Payload[];
  taskQueue: string;
  headers: Payloads;
  memo: Payloads;
  searchAttributes: Payloads;
  /** Where it continues another as new. */
  chain?: { firstRunId: string; previousRunId: string };
  parent?: ParentLink;
}

export interface ParentLink {
  run: Run;
  /** The parent's number for this child. */
  seq: number;
}

export interface ChildLink {
  workflowId: string;
  type: string;
  cancellation: number;
  closePolicy: number;
}

export type Result = { completed: Payload | null } | { failed: Failure } | { cancelled: Failure };

/** One workflow run: what the server would know of it, and its workflow code while that is in memory. */
export class Run {
  readonly origin: Origin;
  readonly runId: string;
  readonly startedAt: number;
  state: RunDescription['state'] = 'running';
  closedAt: number | null = null;
  result: Result | null = null;
  isolate: Isolate | null = null;
  /** Activations so far, encoded: what the code is rebuilt from after it was evicted. */
  log = new Log();
  /** What the next activation tells. */
  jobs: Job[] = [];
  isScheduled = false;
  readonly timers = new Map<number, Item>();
  readonly activities = new Map<number, Task>();
  readonly children = new Map<number, ChildLink>();
  searchAttributes: Payloads;
  memo: Payloads;
  /** Flags of the SDK that the code has come to rely on. */
  flags: number[] = [];
  /** Events that a server's history would have, roughly: the hint to continue as new hangs on it. */
  historyLength = 2;

  constructor(origin: Origin, runId: string, startedAt: number) {
    this.origin = origin;
    this.runId = runId;
    this.startedAt = startedAt;
    this.searchAttributes = origin.searchAttributes;
    this.memo = origin.memo;
  }

  get isLive(): boolean {
    return this.state === 'running';
  }

  /** What the workflow returned; throws how it failed. */
  value(): unknown {
    if (this.result === null) throw new Error(`${this.origin.workflowId} has no result: it is ${this.state}`);
    if (!('completed' in this.result))
      throw errorOf('failed' in this.result ? this.result.failed : this.result.cancelled);
    return this.result.completed && fromPayload(this.result.completed);
  }

  describe(): RunDescription {
    const { origin, runId, state, startedAt, closedAt } = this;
    return {
      workflowId: origin.workflowId,
      runId,
      journey: origin.type,
      state,
      startedAt: new Date(startedAt),
      closedAt: closedAt === null ? null : new Date(closedAt),
    };
  }
}
