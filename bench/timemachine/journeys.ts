import type { ActivityDeps } from '#activities/deps.ts';
import { waits } from '#bench/carts.ts';
import type { Channel } from '#channels/channel.ts';
import type { Db } from '#db/connect.ts';
import type { Clock } from '#domain/clock.ts';
import { durationMs } from '#domain/duration.ts';
import { workflowId } from '#domain/ids.ts';
import type { Next } from '#domain/journey.ts';
import type { JourneyPort } from '#relay/port.ts';
import { createRenderer } from '#rendering/renderer.ts';

/** Cart journeys of four messages over four days, for whatever server they run on. */

export const start = new Date('2026-03-02T09:00:00Z');
export const whole = durationMs('P6D');

const email: Channel = {
  name: 'email',
  provider: 'bench',
  submit: async ({ id }) => ({ result: 'accepted', providerId: id }),
  close: async () => {},
};

export async function deps(): Promise<Omit<ActivityDeps, 'db' | 'clock'>> {
  const log = { info() {}, warn() {} };
  const secret = 'a secret of the benchmark, long enough';
  return { channels: { email }, renderer: await createRenderer(), publicUrl: 'https://shop.example', secret, log };
}

export function startJourney(port: JourneyPort, customerId: string, at: Date): Promise<void> {
  const triggerAt = at.toISOString();
  return port.signalWithStart({
    workflowId: workflowId('abandonment', customerId, 'personal'),
    entry: { journey: 'abandonment', customerId, key: 'personal', triggerAt, time: { origin: 0, scale: 1 } },
    notice: { kind: 'start', reason: 'Product Added', at: triggerAt },
  });
}

/** A figure about journeys that did not send would be worth nothing. */
export async function allSent(db: Db, before: number, count: number): Promise<void> {
  const sent = (await messages(db)) - before;
  if (sent !== count * 4) throw new Error(`${sent} messages of ${count * 4} were sent`);
}

export async function messages(db: Db): Promise<number> {
  const counted = db.selectFrom('messages').select((all) => all.fn.countAll<number>().as('n'));
  return Number((await counted.where('state', '=', 'accepted').executeTakeFirstOrThrow()).n);
}

/** Four steps, a day apart. */
export function emptyActivities(clock: Clock) {
  const next = (n: number): Next | null =>
    n > waits.length
      ? null
      : { block: `cart-${n}`, iteration: 1, channel: 'email', due: clock.now().getTime() + durationMs('P1D'), say: '' };
  return {
    enter: async () => ({ entered: true, runId: 'run', settingsVersion: 0, asked: 0, next: next(1) as Next }),
    deliver: async ({ ask }: { ask: number }) => ({ story: '', next: next(ask + 1) }),
    finish: async () => ({ ended: true, outcome: 'completed', again: null }),
  };
}
