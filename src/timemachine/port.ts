import { journeyQueue } from '#domain/queues.ts';
import { type JourneyPort, RequestRefused, type RunStart } from '#relay/port.ts';
import type { Engine } from './engine.ts';
import type { Run } from './run.ts';
import { keyword, payloadsOf } from './sdk.ts';

/** The journeys of a time machine, for relay and API. What is told is durable at once; the code of the run that is told
 *  runs when the machine does, and where somebody waits for its answer, time goes on until it is there. */
export function journeysOf(engine: Engine): JourneyPort {
  const ifLive = (workflowId: string, act: (run: Run) => void) => {
    const run = engine.live(workflowId);
    if (run) act(run);
    return Promise.resolve(run !== undefined);
  };
  return {
    async signalWithStart(start) {
      const run = engine.live(start.workflowId) ?? engine.start(originOf(start));
      engine.signal(run, start.notice.kind, start.notice);
    },
    signal: (workflowId, notice) => ifLive(workflowId, (run) => engine.signal(run, notice.kind, notice)),
    async updateWithStart<T>(start: RunStart, name: string, ...args: unknown[]) {
      const run = engine.live(start.workflowId) ?? engine.start(originOf(start));
      const answer = engine.updates.send(run, name, ...args).catch((error: Error) => {
        throw new RequestRefused(error.message);
      });
      return (await engine.until(answer)) as T;
    },
    async query<T>(workflowId: string, name: string, ...args: unknown[]) {
      const run = engine.newest(workflowId);
      if (run === undefined) return null;
      if (!run.isLive) throw new RequestRefused(`${workflowId} has ended: a time machine answers for live runs only`);
      return engine.query<T>(run, name, ...args);
    },
    describe: async (workflowId) => engine.newest(workflowId)?.describe() ?? null,
    cancel: (workflowId) => ifLive(workflowId, (run) => engine.cancel(run)),
    terminate: (workflowId, reason) => ifLive(workflowId, (run) => engine.terminate(run, reason)),
  };
}

function originOf({ workflowId, entry }: RunStart) {
  return {
    workflowId,
    type: entry.journey,
    args: payloadsOf([entry]),
    taskQueue: journeyQueue,
    headers: {},
    memo: {},
    searchAttributes: { Journey: keyword(entry.journey), CustomerId: keyword(entry.customerId) },
  };
}
