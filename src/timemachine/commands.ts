import { cancelChild, cancelExternal, signalExternal, startChild } from './children.ts';
import type { Engine } from './engine.ts';
import { NotModelled } from './not-modelled.ts';
import type { Run } from './run.ts';
import { type Command, type ContinueCommand, millis, type Payloads } from './sdk.ts';

type Variant = keyof Command;
type Handlers = { [Name in Variant]?: (engine: Engine, run: Run, command: NonNullable<Command[Name]>) => unknown };

/** What each command of a workflow does. */
const handlers: Handlers = {
  startTimer(engine, run, { seq, startToFireTimeout }) {
    const fire = () => {
      run.timers.delete(seq ?? 0);
      engine.tell(run, { fireTimer: { seq } });
    };
    run.timers.set(seq ?? 0, engine.queue.add(engine.now + (millis(startToFireTimeout) ?? 0), fire));
  },
  cancelTimer(_, run, { seq }) {
    const timer = run.timers.get(seq ?? 0);
    if (timer) timer.act = null;
    run.timers.delete(seq ?? 0);
  },
  scheduleActivity: (engine, run, command) => engine.activities.schedule(run, command, false),
  scheduleLocalActivity: (engine, run, command) => engine.activities.schedule(run, command, true),
  requestCancelActivity: (engine, run, { seq }) => engine.activities.cancel(run.activities.get(seq ?? 0)),
  requestCancelLocalActivity: (engine, run, { seq }) => engine.activities.cancel(run.activities.get(seq ?? 0)),
  startChildWorkflowExecution: startChild,
  cancelChildWorkflowExecution: cancelChild,
  signalExternalWorkflowExecution: signalExternal,
  requestCancelExternalWorkflowExecution: cancelExternal,
  // Signals are delivered the moment they are sent: there is none to take back.
  cancelSignalWorkflow() {},
  // Kept with the activation that set it.
  setPatchMarker() {},
  upsertWorkflowSearchAttributes(_, run, { searchAttributes }) {
    run.searchAttributes = { ...run.searchAttributes, ...searchAttributes?.indexedFields };
  },
  modifyWorkflowProperties(_, run, { upsertedMemo }) {
    run.memo = { ...run.memo, ...upsertedMemo?.fields };
  },
  updateResponse: (engine, _, command) => engine.updates.answer(command),
  completeWorkflowExecution: (engine, run, { result }) => engine.end(run, 'completed', { completed: result ?? null }),
  failWorkflowExecution: (engine, run, { failure }) => engine.end(run, 'failed', { failed: failure ?? {} }),
  cancelWorkflowExecution: (engine, run) => engine.end(run, 'cancelled', { cancelled: { canceledFailureInfo: {} } }),
  continueAsNewWorkflowExecution: continueAsNew,
};

export async function obey(engine: Engine, run: Run, command: Command): Promise<void> {
  for (const name of Object.keys(command) as Variant[]) {
    if (name === 'userMetadata' || name === 'eventGroupMarkers' || command[name] == null) continue;
    const handler = handlers[name] as ((engine: Engine, run: Run, command: unknown) => unknown) | undefined;
    if (!handler) throw new NotModelled(run, name);
    await handler(engine, run, command[name]);
  }
}

async function continueAsNew(engine: Engine, run: Run, command: ContinueCommand): Promise<void> {
  if (millis(command.workflowRunTimeout)) throw new NotModelled(run, 'a time limit for a run');
  if (millis(command.backoffStartInterval)) throw new NotModelled(run, 'a delayed continue-as-new');
  const { origin, runId } = run;
  // What came after the code had ended is for its successor, as on the server.
  const unheard = run.jobs.filter((job) => job.signalWorkflow || job.doUpdate);
  engine.updates.pass(unheard, null);
  await engine.end(run, 'continued', null);
  const next = engine.start({
    ...origin,
    type: command.workflowType || origin.type,
    args: command.arguments ?? [],
    headers: command.headers ?? {},
    // What the run was started with; what it upserted since is kept of search attributes only.
    memo: orElse(command.memo, origin.memo),
    searchAttributes: orElse(command.searchAttributes?.indexedFields, run.searchAttributes),
    chain: { firstRunId: origin.chain?.firstRunId ?? runId, previousRunId: runId },
  });
  engine.updates.pass(unheard, next);
  for (const job of unheard) engine.tell(next, job);
}

function orElse(given: Payloads | null | undefined, otherwise: Payloads): Payloads {
  return given && Object.keys(given).length > 0 ? given : otherwise;
}
