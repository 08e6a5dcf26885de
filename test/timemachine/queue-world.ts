import { sql } from 'kysely';
import { afterAll } from 'vitest';
import type { CrashPoint } from '#activities/deps.ts';
import type { Channel, SubmitResult } from '#channels/channel.ts';
import { eraseCustomer } from '#db/erasure.ts';
import { createKey } from '#db/keys.ts';
import { saveSettings } from '#db/settings.ts';
import { workflowId } from '#domain/ids.ts';
import type { ChannelName } from '#domain/journey.ts';
import type { QueueAnswer } from '#domain/queue-run.ts';
import { type CallContext, normalise } from '#domain/segment.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { freshDatabase } from '#test/support/database.ts';
import { createTimeMachine } from '#timemachine/machine.ts';
import { activitiesWith, shop as plainShop, recording } from './support.ts';

/** What a person of a history is known by: reached on both channels, on one, on none, or a visitor who signs in later. */
export const kinds = ['both', 'email', 'nowhere', 'visitor'] as const;
export type Kind = (typeof kinds)[number];

interface Faults {
  /** Where the worker dies next. */
  crash: CrashPoint | null;
  /** What the provider says next. */
  answer: SubmitResult['result'] | null;
  /** The lease of who has died is over a day later; else before anybody comes after it. */
  leaseLives: boolean;
}

/** A shop with queues on the time machine: every history has an item and people of its own. */
export async function queueWorld(options: {
  seed: string;
  start: Date;
  maxCached?: number;
  shop?: Partial<ShopSettings>;
}) {
  const database = await freshDatabase();
  const { db } = database;
  const { start, seed, maxCached } = options;
  const shop: ShopSettings = { ...plainShop, channels: ['email', 'telegram'], ...options.shop };
  await saveSettings(db, 'shop', shop, 'test', start);
  const source = await createKey(db, 'sources', 'tests', start);
  const faults: Faults = { crash: null, answer: null, leaseLives: false };
  const submitted: string[] = [];
  const machine = await createTimeMachine({
    ...database,
    start,
    seed,
    shop: () => shop,
    ...(maxCached !== undefined && { maxCached }),
    activities: { ...activitiesWith(faulty()), reached },
  });
  afterAll(() => machine.close());
  let count = 0;

  /** A worker that dies here leaves its lease behind; whoever comes after it waits until that has ended, in wall time. */
  async function reached(point: CrashPoint): Promise<void> {
    if (faults.crash !== point) return;
    faults.crash = null;
    const ends = faults.leaseLives ? '1 day' : '-1 second';
    await sql`update messages set lease_until = now() + ${ends}::interval where state = 'submitting'`.execute(db);
    throw new Error(`the worker died: ${point}`);
  }

  function faulty(): Partial<Record<ChannelName, Channel>> {
    const { email, telegram } = recording();
    const breaking = (channel: Channel): Channel => ({
      ...channel,
      async submit(message) {
        const answer = faults.answer;
        faults.answer = null;
        if (answer === 'later') return { result: 'later', reason: 'busy', retryAfterMs: null };
        if (answer === 'refused') return { result: 'refused', reason: 'no', suppress: null };
        submitted.push(message.id);
        return channel.submit(message);
      },
    });
    return { email: breaking(email), telegram: breaking(telegram) };
  }

  const send = async (call: Record<string, unknown>, agoMs = 0, messageId = `m${++count}`): Promise<string> => {
    await sendAll([{ messageId, ...call }], agoMs);
    return messageId;
  };

  async function sendAll(calls: Record<string, unknown>[], agoMs = 0): Promise<void> {
    const now = machine.clock.now();
    const timestamp = new Date(now.getTime() - agoMs).toISOString();
    const context: CallContext = {
      receivedAt: now,
      wallNow: now.getTime(),
      scale: 1,
      currency: 'RUB',
      ip: () => null,
      phone: (value) => value,
      fingerprint: (value) => value,
    };
    const events = calls.map((call) =>
      normalise({ messageId: `m${++count}`, timestamp, ...call }, call.type ?? 'track', context),
    );
    await machine.intake.submit(source?.id ?? '', events);
  }

  const who = (person: string, kind: Kind) =>
    kind === 'visitor' ? { anonymousId: `a-${person}` } : { userId: person };

  async function customerOf(person: string, kind: Kind): Promise<string | null> {
    const value = kind === 'visitor' ? `a-${person}` : person;
    const query = db.selectFrom('identities').select('customer_id').where('value', '=', value);
    return (await query.executeTakeFirst())?.customer_id ?? null;
  }

  return {
    db,
    machine,
    faults,
    submitted,
    send,
    customerOf,
    who,
    /** All at once: most of a history's time would go into it. */
    async register(people: (readonly [person: string, kind: Kind])[]) {
      const reached = people.filter(([, kind]) => kind !== 'nowhere');
      const visitors = people
        .filter(([, kind]) => kind === 'visitor')
        .map(([person]) => ({ anonymousId: `a-${person}`, traits: {} }));
      const known = people.filter(([, kind]) => kind === 'nowhere').map(([userId]) => ({ userId, traits: {} }));
      const named = reached.map(([userId]) => ({ userId, traits: { email: `${userId}@example.com` } }));
      await sendAll([...visitors, ...known, ...named].map((one) => ({ type: 'identify', ...one })));
      const chats = people.filter(([, kind]) => kind === 'both').map(([person]) => person);
      await sql`insert into identities (kind, value, customer_id, since)
        select 'telegram', 't-' || value, customer_id, ${start} from identities where kind = 'user_id' and value = any(${chats})`.execute(
        db,
      );
    },
    async ask(itemId: string, what: 'join' | 'leave', customerId: string): Promise<QueueAnswer> {
      const triggerAt = machine.clock.now().toISOString();
      const entry = { journey: 'reservation', customerId: '', key: itemId, triggerAt, time: machine.clock.time };
      const id = workflowId('reservation', itemId);
      return machine.port.updateWithStart<QueueAnswer>({ workflowId: id, entry }, 'ask', { do: what, customerId });
    },
    async erase(customerId: string) {
      const { exits } = await eraseCustomer(db, customerId, machine.clock.now());
      if (exits) machine.onOutbox(exits);
    },
  };
}

export type QueueWorld = Awaited<ReturnType<typeof queueWorld>>;
