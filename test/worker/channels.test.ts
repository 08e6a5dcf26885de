import type { TestWorkflowEnvironment } from '@temporalio/testing';
import pino from 'pino';
import { expect, test } from 'vitest';
import { createSandbox } from '#channels/sandbox/channel.ts';
import { scaledClock } from '#domain/clock.ts';
import { type ChannelName, channelNames } from '#domain/journey.ts';
import { sendQueue } from '#domain/queues.ts';
import { installRuntime } from '#process/temporal.ts';
import { temporalPort } from '#relay/temporal.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { freshDatabase } from '#test/support/database.ts';
import { devServer } from '#test/support/temporal.ts';
import { type ChannelSettings, closeChannels, openChannels } from '#worker/channels.ts';
import { startWorker } from '#worker/worker.ts';

const log = pino({ level: 'silent' });
installRuntime(log);

/** A worker that has providers, which nobody should hear of. */
const configured: Omit<ChannelSettings, 'sandboxUrl'> = {
  emailUrl: 'smtp://mail.provider.example',
  telegram: { token: '1:token' },
  webPush: null,
  fcmServiceAccount: null,
  phones: { publicUrl: 'https://shop.example', sms: 'smsru://id@Shop' },
};

test('in sandbox mode no channel has its provider, whatever is configured', async () => {
  const channels = await openChannels({ ...configured, sandboxUrl: 'smtp://127.0.0.1:1' });
  expect(Object.keys(channels)).toEqual([...channelNames]);
  for (const channel of Object.values(channels)) expect(channel.provider).toBe('sandbox');
  await closeChannels(channels);
  const real = await openChannels({ ...configured, sandboxUrl: null });
  expect(Object.values(real).map(({ provider }) => provider)).not.toContain('sandbox');
  await closeChannels(real);
});

/** Who takes activities of a queue. */
async function pollersOf({ connection, namespace }: TestWorkflowEnvironment, channel: ChannelName): Promise<number> {
  const taskQueue = { name: sendQueue(channel) };
  const activity = 2; // temporal.api.enums.v1.TaskQueueType
  const request = { namespace: namespace ?? 'default', taskQueue, taskQueueType: activity };
  const { pollers } = await connection.workflowService.describeTaskQueue(request);
  return pollers?.length ?? 0;
}

test('a worker takes the work of each channel that it has, and of no other', async () => {
  const [environment, { db }] = await Promise.all([devServer(), freshDatabase()]);
  const { email, sms, telegram, ...others } = createSandbox('smtp://127.0.0.1:1');
  const channels = { email, sms, telegram };
  const clock = scaledClock({ origin: 0, scale: 1 });
  const worker = await startWorker({
    connection: environment.nativeConnection,
    namespace: environment.namespace ?? 'default',
    db,
    activities: { db, clock, channels, renderer: await createRenderer(), publicUrl: '', secret: 'x'.repeat(32), log },
    journeys: temporalPort(environment.client, { taskQueue: 'journeys' }),
    log,
    cachedWorkflows: 10,
    rates: { sms: 5 },
    graceMs: 100,
  });
  for (const name of ['email', 'sms', 'telegram'] as const)
    await expect.poll(() => pollersOf(environment, name)).toBeGreaterThan(0);
  for (const name of ['viber', 'whatsapp', 'web_push', 'app_push'] as const)
    expect(await pollersOf(environment, name)).toBe(0);
  await worker.close();
  await closeChannels({ ...channels, ...others });
});
