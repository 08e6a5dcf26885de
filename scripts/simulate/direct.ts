import { consentRules } from '#api/advertising.ts';
import { contextOf } from '#api/segment/calls.ts';
import type { Db } from '#db/connect.ts';
import { addressedMessage, say } from '#db/consents.ts';
import { holderOf, registerDevice } from '#db/devices.ts';
import type { Intake } from '#db/intake.ts';
import type { OutboxRow } from '#db/outbox.ts';
import { type ProductInput, upsertProducts } from '#db/products.ts';
import { recordProviderEvents } from '#db/provider-events.ts';
import { createVisits } from '#db/tracking.ts';
import type { Clock } from '#domain/clock.ts';
import type { Event } from '#domain/events.ts';
import type { ChannelName } from '#domain/journey.ts';
import { burstMs, classifyClick, classifyOpen, tooFastMs } from '#domain/opens.ts';
import { normalise } from '#domain/segment.ts';
import type { ShopSettings } from '#domain/shop.ts';
import type { AddressCall, CatalogueCall, MessageCall, Sink } from '#simulator/calls.ts';

export interface DirectOptions {
  db: Db;
  intake: Intake;
  /** Stands at the instant of whatever is told, or a little later: clients gather events, too. */
  clock: Clock;
  shop: ShopSettings;
  /** Of `sources`. */
  sourceId: string;
  /** Takes outbox rows after the commit that wrote them. */
  onOutbox(rows: OutboxRow[]): void;
}

export interface DirectSink {
  sink: Sink;
  /** Resolves when all that was told is written. */
  flush(): Promise<void>;
}

/** The simulated shop's way into intake and the ledger without a gateway: what the time machine is driven by. Events that follow one
 *  another go in together, as clients send them. */
export function directSink(options: DirectOptions): DirectSink {
  const { db, intake, clock, shop, sourceId, onOutbox } = options;
  const rules = consentRules(shop);
  const visits = createVisits(db, { tooFast: tooFastMs * clock.time.scale, burst: burstMs * clock.time.scale });

  let waiting: Event[] = [];

  function eventOf(body: { type: string }, at: Date): Event {
    const context = { ...contextOf(clock, shop, {}), wallNow: clock.now().getTime() };
    return normalise({ ...body, timestamp: at.toISOString() }, body.type, context);
  }

  async function address({ userId, channel, address: value }: AddressCall, at: Date): Promise<void> {
    if (channel === 'telegram') {
      const event = eventOf({ type: 'identify', userId, messageId: `${userId}-telegram` } as { type: string }, at);
      return intake.submit(sourceId, [{ ...event, who: { ...event.who, telegram: value } }]);
    }
    const customerId = await holderOf(db, { userId, anonymousId: undefined });
    if (customerId === null) return;
    const device = { channel, address: value, keys: null, userAgent: null };
    const allowed = { source: 'app', ip: null };
    onOutbox(await registerDevice(db, device, { customerId, allowed, at }, rules));
  }

  async function answer({ message, did, userAgent, whichLink = 0 }: MessageCall, at: Date): Promise<void> {
    const { id } = message;
    const seen = { method: 'GET', userAgent };
    switch (did) {
      case 'opened': {
        const by = classifyOpen(seen) ?? 'unknown';
        await visits.record({ messageId: id, kind: 'opened', by, link: null, userAgent, at });
        return;
      }
      case 'clicked': {
        const by = classifyClick(seen) ?? 'unknown';
        const link = Math.floor(whichLink * (await linksOf(db, id)));
        await visits.record({ messageId: id, kind: 'clicked', by, link, userAgent, at });
        return;
      }
      case 'unsubscribed':
        return unsubscribe(id, at);
      default: {
        const channel = message.channel as ChannelName;
        const about = { channel, message: { id }, address: message.to, by: null, reason: null, at };
        const heard = { ...about, kind: did, key: `${did} ${id}`, sourceId, provider: 'simulated' };
        onOutbox((await recordProviderEvents(db, [heard], { now: clock.now(), rules })).outbox);
      }
    }
  }

  async function unsubscribe(messageId: string, at: Date): Promise<void> {
    const found = await addressedMessage(db, messageId);
    if (found === null) return;
    const { customerId, channel } = found;
    const words = () => [{ purpose: 'advertising' as const, channel, topic: '*' as const, state: 'denied' as const }];
    onOutbox((await say(db, { customerId, words, messageId, source: 'one-click', ip: null, at }, rules)).rows);
  }

  async function flush(): Promise<void> {
    const events = waiting;
    waiting = [];
    if (events.length > 0) await intake.submit(sourceId, events);
  }

  const sink: Sink = async ({ at, call }) => {
    if (call.to === 'tracking') {
      waiting.push(eventOf(call.body, at));
      return;
    }
    // In the order in which it happened.
    await flush();
    if (call.to === 'catalogue') await upsertProducts(db, call.items.map(productOf), at);
    else if (call.to === 'addresses') await address(call, at);
    else await answer(call, at);
  };

  return { sink, flush };
}

function productOf({ publishedAt, ...item }: CatalogueCall['items'][number]): ProductInput {
  return { ...item, sku: null, imageUrl: null, publishedAt: new Date(publishedAt) };
}

async function linksOf(db: Db, messageId: string): Promise<number> {
  const row = await db.selectFrom('messages').select('links').where('id', '=', messageId).executeTakeFirst();
  return row?.links.length ?? 0;
}
