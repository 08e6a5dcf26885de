import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkerOptions, type WorkflowBundleOption } from '@temporalio/worker';
import { afterAll, inject } from 'vitest';
import type { ActivityDeps } from '#activities/deps.ts';
import { createActivities } from '#activities/index.ts';
import { createEmailChannel } from '#channels/email/channel.ts';
import { createSandbox } from '#channels/sandbox/channel.ts';
import type { Clock } from '#domain/clock.ts';
import { channelNames } from '#domain/journey.ts';
import { sendQueue } from '#domain/queues.ts';
import { createInbox } from '#inbox/inbox.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { workflowBundle } from '#worker/bundle.ts';
import { closeChannels } from '#worker/channels.ts';
import { refreshing, type ServerClock } from './clock.ts';
import type { TestDatabase } from './database.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'error', forward: {} } },
});

/** What the tests' messages are signed with. */
export const secret = 'a secret of the tests, long enough to sign links with';
export const publicUrl = 'https://shop.example/vestnik';

export interface Journeys {
  deps: ActivityDeps;
  inbox: Awaited<ReturnType<typeof createInbox>>;
  /** Stops the worker that runs workflows, and starts one of other code: runs go on with that. */
  deploy(workflows: WorkflowBundleOption): Promise<void>;
}

/** Workers of all queues with the real activities, an SMTP server that keeps what it gets, of every channel, and their clean end. */
export async function runJourneys(
  environment: TestWorkflowEnvironment,
  { db }: TestDatabase,
  clock: Clock | ServerClock,
  more: Partial<ActivityDeps> = {},
): Promise<Journeys> {
  const inbox = await createInbox({
    dir: join(inject('runFolder'), `inbox-${process.pid}-${Date.now()}`),
    smtpPort: 0,
  });
  const channels = { ...createSandbox(inbox.smtpUrl), email: await createEmailChannel(inbox.smtpUrl) };
  const log = { info: () => {}, warn: () => {} };
  const deps: ActivityDeps = { db, clock, channels, renderer: await createRenderer(), publicUrl, secret, log, ...more };
  const activities = createActivities(deps);
  const interceptors = 'refresh' in clock ? { activity: [() => ({ inbound: refreshing(clock) })] } : {};
  const common = { connection: environment.nativeConnection, activities, interceptors };
  const start = async (options: Omit<WorkerOptions, keyof typeof common>) => {
    const worker = await Worker.create({ ...common, ...options });
    return { worker, running: worker.run() };
  };
  const starting = (bundle: WorkflowBundleOption, maxCachedWorkflows: number) =>
    start({ taskQueue: 'journeys', workflowBundle: bundle, maxCachedWorkflows });
  const named = channelNames.filter((name) => deps.channels[name] !== undefined);
  const [first, ...others] = await Promise.all([
    starting(await workflowBundle(), 100),
    ...named.map((name) => start({ taskQueue: sendQueue(name) })),
  ]);
  let workflows = first;
  afterAll(async () => {
    for (const { worker } of [workflows, ...others]) worker.shutdown();
    await Promise.all([workflows, ...others].map(({ running }) => running));
    await closeChannels(channels);
    await inbox.close();
  });
  const deploy = async (bundle: WorkflowBundleOption) => {
    workflows.worker.shutdown();
    await workflows.running;
    // The time-skipping server offers runs that a worker has cached to that worker alone, for ever, also when it has stopped.
    workflows = await starting(bundle, 0);
  };
  return { deps, inbox, deploy };
}
