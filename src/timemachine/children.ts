import type { Engine } from './engine.ts';
import { NotModelled } from './not-modelled.ts';
import type { ChildLink, Result, Run } from './run.ts';
import {
  type ChildCommand,
  type Command,
  childCancellation,
  type Failure,
  millis,
  namespace,
  parentClosePolicy,
  workflowAlreadyExists,
} from './sdk.ts';

/** Starts the child at once, or says that one of that id runs already. */
export function startChild(engine: Engine, parent: Run, command: ChildCommand): void {
  refuseWhatIsNotModelled(parent, command);
  const seq = command.seq ?? 0;
  const workflowId = command.workflowId ?? '';
  const type = command.workflowType ?? '';
  if (engine.live(workflowId)) {
    const failed = { workflowId, workflowType: type, cause: workflowAlreadyExists };
    engine.tell(parent, { resolveChildWorkflowExecutionStart: { seq, failed } });
    return;
  }
  const child = engine.start({
    workflowId,
    type,
    args: command.input ?? [],
    taskQueue: command.taskQueue || parent.origin.taskQueue,
    headers: command.headers ?? {},
    memo: command.memo ?? {},
    searchAttributes: command.searchAttributes?.indexedFields ?? {},
    parent: { run: parent, seq },
  });
  parent.children.set(seq, {
    workflowId,
    type,
    cancellation: command.cancellationType ?? childCancellation.abandon,
    closePolicy: command.parentClosePolicy || parentClosePolicy.terminate,
  });
  engine.tell(parent, { resolveChildWorkflowExecutionStart: { seq, succeeded: { runId: child.runId } } });
}

function refuseWhatIsNotModelled(parent: Run, command: ChildCommand): void {
  if (command.cronSchedule) throw new NotModelled(parent, 'a cron schedule');
  if (command.retryPolicy) throw new NotModelled(parent, 'retrying a workflow');
  if (millis(command.workflowExecutionTimeout) || millis(command.workflowRunTimeout))
    throw new NotModelled(parent, 'a time limit for a workflow');
}

export function cancelChild(
  engine: Engine,
  parent: Run,
  command: NonNullable<Command['cancelChildWorkflowExecution']>,
) {
  const seq = command.childWorkflowSeq ?? 0;
  const link = parent.children.get(seq);
  if (!link) return;
  const child = engine.live(link.workflowId);
  if (child && link.cancellation !== childCancellation.abandon) engine.cancel(child, command.reason ?? '');
  if (link.cancellation === childCancellation.waitCompleted) return;
  resolveChild(engine, parent, seq, link, {
    cancelled: { canceledFailureInfo: {} },
  });
}

/** Of a run that ends. A run that continues as new goes on waiting for by its parent. */
export function tellParent(engine: Engine, child: Run, result: Result): void {
  const { parent } = child.origin;
  const link = parent?.run.children.get(parent.seq);
  if (parent && link) resolveChild(engine, parent.run, parent.seq, link, result);
}

/** What becomes of the children of a run that ends, also by continuing as new. */
export function closeChildren(engine: Engine, parent: Run): void {
  for (const { workflowId, closePolicy } of parent.children.values()) {
    const child = engine.live(workflowId);
    if (!child || closePolicy === parentClosePolicy.abandon) continue;
    if (closePolicy === parentClosePolicy.requestCancel) engine.cancel(child, 'the parent has ended');
    else engine.terminate(child, 'the parent has ended');
  }
  parent.children.clear();
}

export function signalExternal(
  engine: Engine,
  run: Run,
  command: NonNullable<Command['signalExternalWorkflowExecution']>,
): void {
  const { seq, signalName, args, headers } = command;
  const workflowId = command.childWorkflowId || command.workflowExecution?.workflowId || '';
  const target = engine.live(workflowId);
  if (target) engine.tell(target, { signalWorkflow: { signalName, input: args ?? [], headers: headers ?? {} } });
  const failure = target ? undefined : notFound(workflowId);
  engine.tell(run, { resolveSignalExternalWorkflow: { seq, failure } });
}

export function cancelExternal(
  engine: Engine,
  run: Run,
  command: NonNullable<Command['requestCancelExternalWorkflowExecution']>,
): void {
  const workflowId = command.workflowExecution?.workflowId ?? '';
  const target = engine.live(workflowId);
  if (target) engine.cancel(target, command.reason ?? '');
  const failure = target ? undefined : notFound(workflowId);
  engine.tell(run, { resolveRequestCancelExternalWorkflow: { seq: command.seq, failure } });
}

function notFound(workflowId: string): Failure {
  return {
    message: `no workflow ${workflowId} runs`,
    applicationFailureInfo: { type: 'ExternalWorkflowExecutionNotFound' },
  };
}

function resolveChild(engine: Engine, parent: Run, seq: number, link: ChildLink, result: Result): void {
  parent.children.delete(seq);
  engine.tell(parent, { resolveChildWorkflowExecution: { seq, result: childResult(link, result) } });
}

function childResult(link: ChildLink, result: Result) {
  if ('completed' in result) return { completed: { result: result.completed } };
  if ('failed' in result) return { failed: { failure: childFailure(link, 'failed', result.failed) } };
  return { cancelled: { failure: childFailure(link, 'cancelled', result.cancelled) } };
}

function childFailure({ workflowId, type }: ChildLink, what: string, cause: Failure): Failure {
  const info = { namespace, workflowExecution: { workflowId }, workflowType: { name: type } };
  return { message: `Child Workflow execution ${what}`, cause, childWorkflowExecutionFailureInfo: info };
}
