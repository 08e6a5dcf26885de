import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  ChildWorkflowCancellationType,
  ChildWorkflowFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  patched,
  proxyActivities,
  proxyLocalActivities,
  type RetryPolicy,
  setHandler,
  sleep,
  startChild,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { SceneActivities } from './scene-activities.ts';

// Workflows that use everything that the time machine models; each returns what it saw.

/** Minutes since the run began, as a server drifts by real seconds. */
const minutes = () => Math.round((Date.now() - workflowInfo().runStartTime.getTime()) / 60_000);

const go = defineSignal<[string]>('go');

function saidOf(error: unknown): string {
  if (error instanceof ActivityFailure) return `activity ${error.retryState}: ${error.cause?.message}`;
  if (error instanceof ChildWorkflowFailure) return `child: ${error.cause?.name} ${error.cause?.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** What `act` gives or throws, and when. */
async function seen(act: () => Promise<unknown>): Promise<string> {
  const said = await act().then((value) => JSON.stringify(value) ?? 'done', saidOf);
  return `${said} at ${minutes()}`;
}

function activities(retry: RetryPolicy, more: object = {}) {
  return proxyActivities<SceneActivities>({ startToCloseTimeout: '1 minute', retry, ...more });
}

export async function retries(id: string): Promise<string[]> {
  const growing = { initialInterval: '1 minute', backoffCoefficient: 2, maximumInterval: '5 minutes' } as const;
  return [
    await seen(() => activities(growing).flaky(`${id}/growing`, 4)),
    await seen(() => activities({ ...growing, maximumAttempts: 3 }).flaky(`${id}/attempts`, 9)),
    await seen(() => activities({ ...growing, nonRetryableErrorTypes: ['Flaky'] }).flaky(`${id}/listed`, 9)),
    await seen(() => activities(growing).refused()),
    await seen(() => activities(growing).comesBackIn(`${id}/delay`, 30)),
    await seen(() => activities(growing, { scheduleToCloseTimeout: '10 minutes' }).flaky(`${id}/limit`, 9)),
  ];
}

export async function locals(id: string): Promise<string[]> {
  const retry = { initialInterval: '2 minutes', backoffCoefficient: 1 } as const;
  const { flaky, refused } = proxyLocalActivities<SceneActivities>({
    startToCloseTimeout: '1 minute',
    localRetryThreshold: '1 second',
    retry,
  });
  return [await seen(() => flaky(`${id}/local`, 2)), await seen(() => refused())];
}

export async function waits(): Promise<string[]> {
  let heard = '';
  setHandler(go, (word) => {
    heard = word;
  });
  const first = await seen(() => condition(() => heard !== '', '1 hour'));
  const second = await seen(() => condition(() => heard === 'never', '30 minutes'));
  return [first, second, heard];
}

export async function hears(): Promise<string> {
  let heard = '';
  setHandler(go, (word) => {
    heard = word;
  });
  await condition(() => heard !== '');
  return `${heard} at ${minutes()}`;
}

export async function cancelling(id: string): Promise<string[]> {
  const story: string[] = [];
  const inScope = async (kind: ActivityCancellationType) => {
    const scope = new CancellationScope();
    const retry = { initialInterval: '1 hour' } as const;
    const { flaky } = activities(retry, { cancellationType: kind });
    const running = seen(() => scope.run(() => flaky(`${id}/${kind}`, 1)));
    await sleep('10 minutes');
    scope.cancel();
    story.push(`${kind} ${await running}`);
  };
  await inScope(ActivityCancellationType.TRY_CANCEL);
  await inScope(ActivityCancellationType.WAIT_CANCELLATION_COMPLETED);
  await inScope(ActivityCancellationType.ABANDON);
  try {
    await sleep('1 day');
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(() => sleep('5 minutes'));
    story.push(`cancelled at ${minutes()}`);
  }
  return story;
}

export async function child(what: 'returns' | 'fails' | 'waits'): Promise<string> {
  if (what === 'fails') await activities({ maximumAttempts: 1 }).refused();
  if (what === 'waits') await sleep('10 days');
  await sleep('20 minutes');
  return what;
}

export async function children(id: string): Promise<string[]> {
  const options = (what: string) => ({ args: [what] as ['returns'], workflowId: `${id}/${what}` });
  const story = [
    await seen(() => executeChild(child, options('returns'))),
    await seen(() => executeChild(child, options('fails'))),
  ];
  const scope = new CancellationScope();
  const waiting = seen(() =>
    scope.run(() =>
      executeChild(child, {
        ...options('waits'),
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      }),
    ),
  );
  await sleep('5 minutes');
  story.push(await seen(() => executeChild(child, options('waits'))));
  scope.cancel();
  // The test server may let time jump before it has told the child.
  story.push((await waiting).replace(/ at \d+$/, ''));
  return story;
}

/** Ends and leaves three children. */
export async function leaving(id: string): Promise<void> {
  for (const parentClosePolicy of Object.values(ParentClosePolicy))
    await startChild(child, { args: ['waits'], workflowId: `${id}/${parentClosePolicy}`, parentClosePolicy });
}

export async function calling(other: string): Promise<string[]> {
  await sleep('10 minutes');
  return [
    await seen(() => getExternalWorkflowHandle(other).signal(go, 'hello')),
    await seen(() => getExternalWorkflowHandle(`${other}/nobody`).signal(go, 'hello')),
  ].map((line) => line.replace(/^(\w+):.* at/, '$1 at'));
}

const colour = defineSearchAttributeKey('Journey', SearchAttributeType.KEYWORD);

export async function again(left: number): Promise<string[]> {
  const { typedSearchAttributes, memo, startTime, runStartTime } = workflowInfo();
  const kept = `${typedSearchAttributes.get(colour)} ${JSON.stringify(memo)}`;
  if (left === 0) return [kept, `chain ${Math.round((runStartTime.getTime() - startTime.getTime()) / 60_000)}`];
  upsertSearchAttributes([{ key: colour, value: `red-${left}` }]);
  upsertMemo({ left });
  await sleep('30 minutes');
  return continueAsNew<typeof again>(left - 1);
}

export async function patches(): Promise<string[]> {
  const before = patched('one');
  await sleep('1 hour');
  const after = patched('two');
  await sleep('1 hour');
  return [`${before} ${after} ${patched('one')}`];
}

const add = defineUpdate<number, [number]>('add');
const total = defineQuery<number>('total');

export async function updates(): Promise<string[]> {
  let sum = 0;
  setHandler(total, () => sum);
  setHandler(
    add,
    async (n) => {
      await sleep('10 minutes');
      sum += n;
      if (n > 100) throw ApplicationFailure.nonRetryable('too much');
      return sum;
    },
    {
      validator: (n) => {
        if (n < 0) throw new Error('negative');
      },
    },
  );
  await sleep('3 hours');
  return [`sum ${sum}`];
}

const join = defineUpdate<number, [string]>('join');
const members = defineQuery<string[]>('members');

/** Waits for years, a month in each run; who asks to join waits for what an activity says. */
export async function line(entry: object, names: string[] = []): Promise<void> {
  const { flaky } = activities({ maximumAttempts: 1 });
  setHandler(members, () => names);
  setHandler(
    join,
    async (name) => {
      await flaky(`${workflowInfo().workflowId}/${name}`, 0);
      names.push(name);
      return names.length;
    },
    {
      validator: (name) => {
        if (names.includes(name)) throw new Error(`${name} is in the line`);
      },
    },
  );
  await sleep('30 days');
  await condition(allHandlersFinished);
  await continueAsNew<typeof line>(entry, names);
}

/** Several activities at once. */
export async function busy(names: string[]): Promise<void> {
  const { work } = proxyActivities<{ work(name: string): Promise<void> }>({ startToCloseTimeout: '1 minute' });
  await Promise.all(names.map((name) => work(name)));
}

/** A mistake of whoever wrote it: no failure of the workflow, but of its task. */
export async function mistaken(): Promise<void> {
  await sleep('1 hour');
  mistake(JSON.parse('{}'));
}

function mistake(parsed: { deep: { value: number } }): number {
  return parsed.deep.value;
}
