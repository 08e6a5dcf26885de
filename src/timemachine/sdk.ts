/**
 * All of Temporal's SDK that is not its public interface, in one place: the isolates that workflow code runs in, and the
 * activations and commands that Core exchanges with them. `package.json` pins the SDK to one exact version; after moving it,
 * `test/timemachine` says whether these still fit.
 */
import { readFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { Script } from 'node:vm';
import {
  arrayFromPayloads,
  defaultFailureConverter,
  defaultPayloadConverter,
  type Payload,
  TypedSearchAttributes,
  toPayloads,
} from '@temporalio/common';
import { msNumberToTs, optionalTsToMs } from '@temporalio/common/lib/time.js';
import type { coresdk, temporal } from '@temporalio/proto';
import proto from '@temporalio/proto';
import { parseWorkflowCode } from '@temporalio/worker/lib/worker.js';
import type { Workflow } from '@temporalio/worker/lib/workflow/interface.js';
import { ReusableVMWorkflow, ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm.js';
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';
import { createUnsafeRandomSource } from '@temporalio/workflow/lib/random-helpers.js';
import { bytesOf } from './seeds.ts';

export type { Payload };
export type Activation = coresdk.workflow_activation.IWorkflowActivation;
export type Job = coresdk.workflow_activation.IWorkflowActivationJob;
export type Initialization = coresdk.workflow_activation.IInitializeWorkflow;
export type Command = coresdk.workflow_commands.IWorkflowCommand;
export type ActivityCommand = coresdk.workflow_commands.IScheduleActivity;
export type ActivityResolution = coresdk.activity_result.IActivityResolution;
export type ChildCommand = coresdk.workflow_commands.IStartChildWorkflowExecution;
export type ContinueCommand = coresdk.workflow_commands.IContinueAsNewWorkflowExecution;
export type Failure = temporal.api.failure.v1.IFailure;
export type Payloads = Record<string, Payload>;

/** Milliseconds of a protobuf duration; undefined where it is not set. */
export const millis = optionalTsToMs;
export const timestamp = msNumberToTs;

export const toPayload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
export const fromPayload = <T>(payload: Payload): T => defaultPayloadConverter.fromPayload<T>(payload);
export const payloadsOf = (values: readonly unknown[]): Payload[] =>
  toPayloads(defaultPayloadConverter, ...values) ?? [];
export const valuesOf = (payloads: Payload[] | null | undefined): unknown[] =>
  arrayFromPayloads(defaultPayloadConverter, payloads);
export const failureOf = (error: unknown): Failure =>
  defaultFailureConverter.errorToFailure(error, defaultPayloadConverter);
export const errorOf = (failure: Failure): Error =>
  defaultFailureConverter.failureToError(failure, defaultPayloadConverter);

/** A search attribute of Temporal's type Keyword. */
export function keyword(value: string): Payload {
  const payload = toPayload(value);
  return { ...payload, metadata: { ...payload.metadata, type: keywordType } };
}

/** One for all: a small buffer of each run's own would keep the piece of memory that it was cut from. */
const keywordType = new TextEncoder().encode('Keyword');

/** Protobuf's numbers, as Core sends them. */
export const retryStates = { nonRetryable: 2, timeout: 3, attemptsReached: 4, cancelRequested: 7 } as const;
export const activityCancellation = { tryCancel: 0, waitCompleted: 1, abandon: 2 } as const;
export const childCancellation = { abandon: 0, tryCancel: 1, waitCompleted: 2, waitRequested: 3 } as const;
export const parentClosePolicy = { terminate: 1, abandon: 2, requestCancel: 3 } as const;
export const workflowAlreadyExists = 1;

const { WorkflowActivation } = proto.coresdk.workflow_activation;

/** An activation as bytes: a sleeping run keeps hundreds of them no longer than it must, and small. */
export const encodeActivation = (activation: Activation): Uint8Array => WorkflowActivation.encode(activation).finish();
export const decodeActivation = (bytes: Uint8Array): Activation => WorkflowActivation.decode(bytes);

/** What a workflow knows of itself from its first moment. */
export interface Identity {
  workflowId: string;
  runId: string;
  type: string;
  firstRunId: string;
  previousRunId: string | undefined;
  parent: { workflowId: string; runId: string } | undefined;
  taskQueue: string;
  /** Epoch ms. */
  startedAt: number;
}

export type Completion = { commands: Command[]; flags: number[] } | { failure: Failure };

/** One run's workflow code, with all its state. */
export interface Isolate {
  activate(activation: Activation): Promise<Completion>;
  dispose(): Promise<void>;
}

export interface Isolates {
  /** `seed` is what `Math.random` and `uuid4` of the workflow draw from. */
  create(identity: Identity, seed: string, now: () => number): Promise<Isolate>;
  /** The stack with the places in our sources for those in the bundle. */
  readable(stack: string): string;
  close(): Promise<void>;
}

export type Bundle = { code: string } | { codePath: string };

/** `taskLimitMs`: wall time after which a workflow task counts as an endless loop; it makes every task two to four times
 *  slower, so there is none where it is not given. */
export async function openIsolates(
  bundle: Bundle,
  activityNames: Iterable<string>,
  taskLimitMs: number | undefined,
): Promise<Isolates> {
  const code = 'code' in bundle ? bundle.code : await readFile(bundle.codePath, 'utf8');
  const parsed = parseWorkflowCode(code, 'codePath' in bundle ? bundle.codePath : undefined);
  const creator = await OneScope.create(parsed, taskLimitMs ?? loadLimitMs, new Set(activityNames));
  if (taskLimitMs === undefined) Object.assign(creator, { isolateExecutionTimeoutMs: undefined });
  // Hooks on every promise of the process, also of activities: three times slower, for stacks that we map ourselves.
  globalHandlers.uninstall();
  return {
    create: async (identity, seed, now) =>
      isolate(
        await creator.createWorkflow({
          info: infoOf(identity, now),
          randomnessSeed: [...bytesOf(seed).subarray(0, 8)],
          now: now(),
          showStackTraceSources: false,
          failureExceptionTypeNames: [],
        }),
      ),
    readable: (stack) => readable(stack, parsed),
    close: () => creator.destroy(),
  };
}

const callIntoScope = new Script('__TEMPORAL_CALL_INTO_SCOPE()');
const ours = '__TEMPORAL_ACTIVATOR__';

/**
 * All runs in one scope, where a worker keeps one for each and takes every global out and in when it turns from one run to another:
 * a quarter of what a workflow task costs. What differs between runs of code that sets no globals, such as ours, is who is
 * addressed by the SDK's functions: that alone is changed here.
 */
class OneScope extends ReusableVMWorkflowCreator {
  readonly #scope = {};

  override async createWorkflow(options: Parameters<ReusableVMWorkflowCreator['createWorkflow']>[0]) {
    const { context } = this;
    const scope = Object.assign(context, { __TEMPORAL_BAG_HOLDER__: this.#scope });
    let run: unknown;
    const enter = new Proxy({} as ConstructorParameters<typeof ReusableVMWorkflow>[3], {
      get:
        (_, name) =>
        (...args: unknown[]) => {
          Object.assign(scope, { [ours]: run, __temporal_args: [this.#scope, name, args] });
          return callIntoScope.runInContext(context, { timeout: this.isolateExecutionTimeoutMs });
        },
    });
    enter.initRuntime({
      ...options,
      sourceMap: this.workflowBundle.sourceMap,
      getTimeOfDay: () => BigInt(options.now) * 1_000_000n,
      registeredActivityNames: this.registeredActivityNames,
      stackTracesEnabled: false,
    });
    const activator = context[ours] as ConstructorParameters<typeof ReusableVMWorkflow>[2];
    run = activator;
    const workflow = new ReusableVMWorkflow(options.info.runId, context, activator, enter);
    ReusableVMWorkflowCreator.workflowByRunId.set(options.info.runId, workflow);
    return workflow;
  }
}

/** Loading the bundle has a limit in any case. */
const loadLimitMs = 30_000;

function isolate(workflow: Workflow): Isolate {
  return {
    async activate(activation) {
      // Queries are taken as instances of the class only.
      const isQuery = activation.jobs?.some((job) => job.queryWorkflow) ?? false;
      const { successful, failed } = await workflow.activate(
        isQuery ? WorkflowActivation.fromObject(activation) : activation,
      );
      // Logs and metrics of workflow code; nobody reads them here, and they would pile up.
      await workflow.getAndResetSinkCalls();
      if (successful) return { commands: successful.commands ?? [], flags: successful.usedInternalFlags ?? [] };
      return { failure: failed?.failure ?? { message: 'the workflow task failed and did not say why' } };
    },
    dispose: () => workflow.dispose(),
  };
}

type WorkflowInfo = Parameters<ReusableVMWorkflowCreator['createWorkflow']>[0]['info'];

function infoOf(identity: Identity, now: () => number): WorkflowInfo {
  const { workflowId, runId, type, firstRunId, previousRunId, parent, taskQueue } = identity;
  return {
    workflowId,
    runId,
    workflowType: type,
    taskQueue,
    namespace,
    firstExecutionRunId: firstRunId,
    originalExecutionRunId: runId,
    ...(previousRunId !== undefined && { continuedFromExecutionRunId: previousRunId }),
    ...(parent && { parent: { ...parent, namespace } }),
    startTime: new Date(identity.startedAt),
    runStartTime: new Date(identity.startedAt),
    searchAttributes: {},
    typedSearchAttributes: new TypedSearchAttributes(),
    taskTimeoutMs: 10_000,
    attempt: 1,
    // These four are set anew by every activation.
    historyLength: 0,
    historySize: 0,
    continueAsNewSuggested: false,
    targetWorkerDeploymentVersionChanged: false,
    unsafe: { now, isReplaying: false, isReplayingHistoryEvents: false, random: createUnsafeRandomSource(Math.random) },
  };
}

export const namespace = 'default';

function readable(stack: string, { filename, sourceMap }: ReturnType<typeof parseWorkflowCode>): string {
  const { sourceRoot = '', sourcesContent = [], ...rest } = sourceMap;
  const map = new SourceMap({ ...rest, sourceRoot, sourcesContent });
  return stack.replaceAll(/\(?([^\s()]+):(\d+):(\d+)\)?/g, (place, file: string, line: string, column: string) => {
    if (file !== filename) return place;
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
    return 'originalSource' in entry
      ? `(${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1})`
      : place;
  });
}
