import type { Engine } from './engine.ts';
import type { Run } from './run.ts';
import { type Command, errorOf, fromPayload, type Job, payloadsOf } from './sdk.ts';

interface Waiting {
  /** Null while it passes from a run to the one that continues it. */
  run: Run | null;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Updates that were sent and are not yet completed. */
export class Updates {
  private readonly engine: Engine;
  private readonly waiting = new Map<string, Waiting>();
  private count = 0;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Resolves with what the handler returns, as the machine goes on; rejects with what validator or handler throw. */
  send(run: Run, name: string, ...args: unknown[]): Promise<unknown> {
    const id = `update-${++this.count}`;
    const result = new Promise<unknown>((resolve, reject) => this.waiting.set(id, { run, resolve, reject }));
    const meta = { updateId: id, identity: 'time-machine' };
    const update = { id, protocolInstanceId: id, name, input: payloadsOf(args), headers: {}, meta, runValidator: true };
    this.engine.tell(run, { doUpdate: update });
    return result;
  }

  answer({ protocolInstanceId, accepted, rejected, completed }: NonNullable<Command['updateResponse']>): void {
    const one = this.waiting.get(protocolInstanceId ?? '');
    if (one === undefined || accepted) return;
    this.waiting.delete(protocolInstanceId ?? '');
    if (rejected) one.reject(errorOf(rejected));
    else one.resolve(fromPayload(completed ?? {}));
  }

  /** Those that a run has not heard of are for whoever continues it. */
  pass(jobs: readonly Job[], to: Run | null): void {
    for (const { doUpdate } of jobs) {
      const one = this.waiting.get(doUpdate?.protocolInstanceId ?? '');
      if (one) one.run = to;
    }
  }

  /** Of a run that ends. */
  drop(run: Run): void {
    for (const [id, one] of this.waiting) {
      if (one.run !== run) continue;
      this.waiting.delete(id);
      one.reject(new Error(`the workflow ${run.origin.workflowId} ended before the update was completed`));
    }
  }
}
