import {
  type Client,
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  isGrpcServiceError,
  makeGrpcRetryInterceptor,
  ServiceError,
  ValueError,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  type WorkflowSignalWithStartOptions,
  type WorkflowStartOptions,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { readable } from '#domain/clock.ts';
import { type ContactClass, type Contract, contactClasses, type Entry, type Notice } from '#domain/journey.ts';
import { contracts } from '#workflows/catalogue.ts';
import {
  type JourneyPort,
  type JourneyStart,
  JourneysUnavailable,
  RequestRefused,
  type RunDescription,
  type RunStart,
} from './port.ts';

const journeyAttribute = defineSearchAttributeKey('Journey', SearchAttributeType.KEYWORD);
const customerAttribute = defineSearchAttributeKey('CustomerId', SearchAttributeType.KEYWORD);

const known: Readonly<Record<string, Contract>> = contracts;

/** Search attributes that the namespace must know before a journey starts, by name. */
export const searchAttributes = { Journey: 'KEYWORD', CustomerId: 'KEYWORD' } as const;

/** Wall time for one call, its retries included. What was accepted without our hearing of it is told twice. */
const callLimitMs = 5_000;

/** gRPC waits up to two minutes between attempts to reconnect; we want to be back within a second or so. */
const reconnect = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1_000 };

/** A connection that is made at the first call, says within a second that nobody is there (the outbox waits better
 *  than a call does), and comes back soon after an outage. */
export function openConnection(options: ConnectionOptions): Connection {
  const retries = makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 3 }));
  return Connection.lazy({
    interceptors: [retries],
    ...options,
    channelArgs: { ...reconnect, ...options.channelArgs },
  });
}

/** Registers the search attributes that are missing. Safe to repeat, and for several processes at once. */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.keys(searchAttributes).filter((name) => !customAttributes?.[name]);
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, keywordType])),
    });
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== grpc.alreadyExists) throw error;
  }
}

/** `INDEXED_VALUE_TYPE_KEYWORD` of Temporal's API. */
const keywordType = 2;

/** Codes of gRPC that are told apart here. */
const grpc = { invalidArgument: 3, alreadyExists: 6, failedPrecondition: 9, outOfRange: 11, unimplemented: 12 };
const refusals = new Set([grpc.invalidArgument, grpc.failedPrecondition, grpc.outOfRange, grpc.unimplemented]);

/** Fills the port with Temporal. `taskQueue` is where the workers of journeys listen. */
export function temporalPort(client: Client, { taskQueue }: { taskQueue: string }): JourneyPort {
  const call = <T>(action: () => Promise<T>) =>
    client.withDeadline(Date.now() + callLimitMs, action).catch((error: unknown) => {
      throw typed(error);
    });
  const handle = (workflowId: string) => client.workflow.getHandle(workflowId);

  return {
    signalWithStart: (start) =>
      call(async () => {
        await client.workflow.signalWithStart<JourneyWorkflow, [Notice]>(
          start.entry.journey,
          startOptions(start, taskQueue),
        );
      }),
    signal: (workflowId, notice) => found(call(() => handle(workflowId).signal<[Notice]>(notice.kind, notice))),
    updateWithStart: <T>(start: RunStart, name: string, ...args: unknown[]) =>
      call(() => {
        const options = { ...runOptions(start, name, taskQueue), workflowIdConflictPolicy: 'USE_EXISTING' as const };
        const startWorkflowOperation = new WithStartWorkflowOperation(start.entry.journey, options);
        return client.workflow.executeUpdateWithStart<JourneyWorkflow, T, unknown[]>(name, {
          startWorkflowOperation,
          args,
        });
      }),
    query: <T>(workflowId: string, name: string, ...args: unknown[]) =>
      orNull(call(() => handle(workflowId).query<T, unknown[]>(name, ...args))),
    describe: (workflowId) => orNull(call(async () => description(await handle(workflowId).describe()))),
    cancel: (workflowId) => found(call(() => handle(workflowId).cancel())),
    terminate: (workflowId, reason) => found(call(() => handle(workflowId).terminate(reason))),
  };
}

type JourneyWorkflow = (entry: Entry) => Promise<unknown>;
type StartOptions = WorkflowSignalWithStartOptions<[Notice]> & { args: [Entry] };

function startOptions({ notice, ...start }: JourneyStart, taskQueue: string): StartOptions {
  return { ...runOptions(start, notice.reason, taskQueue), signal: notice.kind, signalArgs: [notice] };
}

/** `reason`: an event, or what somebody asks for. */
function runOptions(
  { workflowId, entry }: RunStart,
  reason: string,
  taskQueue: string,
): WorkflowStartOptions<JourneyWorkflow> & { args: [Entry] } {
  return {
    workflowId,
    taskQueue,
    args: [entry],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    typedSearchAttributes: [
      { key: journeyAttribute, value: entry.journey },
      ...(entry.customerId === '' ? [] : [{ key: customerAttribute, value: entry.customerId }]),
    ],
    staticSummary: `${nameOf(entry)}, started by ${reason}`,
    staticDetails: details(entry, reason),
    priority: { priorityKey: priorityOf(known[entry.journey]?.class ?? 'bulk') },
  };
}

/** `abandonment · personal profile` */
function nameOf({ journey, key }: Entry): string {
  if (key === '') return journey;
  return known[journey]?.key === 'profile' ? `${journey} · ${key} profile` : `${journey} · ${key}`;
}

/** What an engineer who opens the run in Temporal UI wants to know first, in markdown. */
function details(entry: Entry, reason: string): string {
  const { customerId, triggerAt, journey, key } = entry;
  if (customerId === '')
    return `**${known[journey]?.title ?? journey}**\n\nItem \`${key}\`, queue: \`GET /api/v1/items/${key}\``;
  return [
    `**${known[journey]?.title ?? journey}**`,
    `Customer \`${customerId}\`. Started by \`${reason}\` of ${readable(new Date(triggerAt))}.`,
    `Every decision with its reason: \`GET /api/v1/customers/${customerId}/decisions\``,
    `What was sent: \`GET /api/v1/messages?customerId=${customerId}\``,
  ].join('\n\n');
}

/** Temporal's keys go from 1, the most urgent, to 5: as many as there are classes of contact. */
function priorityOf(contactClass: ContactClass): number {
  return contactClasses.indexOf(contactClass) + 1;
}

const states: Record<string, RunDescription['state']> = {
  RUNNING: 'running',
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed_out',
  CONTINUED_AS_NEW: 'continued',
};

type Described = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>>;

function description(run: Described): RunDescription {
  return {
    workflowId: run.workflowId,
    runId: run.runId,
    journey: run.type,
    state: states[run.status.name] ?? 'unknown',
    startedAt: run.startTime,
    closedAt: run.closeTime ?? null,
  };
}

class NotRunning extends Error {}

const found = (call: Promise<unknown>): Promise<boolean> => call.then(() => true).catch(unlessNotRunning(false));
const orNull = <T>(call: Promise<T>): Promise<T | null> => call.catch(unlessNotRunning(null));

function unlessNotRunning<T>(answer: T) {
  return (error: unknown): T => {
    if (error instanceof NotRunning) return answer;
    throw error;
  };
}

/** Sorts Temporal's errors into the port's. Messages name codes only: details may quote what was sent. */
function typed(error: unknown): Error {
  if (error instanceof WorkflowNotFoundError) return new NotRunning();
  if (error instanceof WorkflowUpdateFailedError) return new RequestRefused(error.cause?.message ?? error.message);
  if (error instanceof ValueError || error instanceof TypeError)
    return new RequestRefused(error.name, { cause: error });
  const cause = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(cause)) return new JourneysUnavailable(errorName(error), { cause: error });
  const code = `gRPC code ${cause.code}`;
  return refusals.has(cause.code) ? new RequestRefused(code, { cause }) : new JourneysUnavailable(code, { cause });
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown error';
}
