import type { Clock } from '#domain/clock.ts';
import type { Effect, Event, Who } from '#domain/events.ts';

/** What somebody says to the bot about advertising on Telegram. */
export interface Word {
  /** `granted` by starting the bot, `denied` by stopping it. */
  state: 'granted' | 'denied';
  chat: string;
  /** Who else they are, where a link has told. */
  who: Who;
  /** Of a chat that nobody is known by: the language that its owner has Telegram in. */
  locale: string | null;
  /** The version of the text that was shown, where one was. */
  textVersion: string | null;
  at: Date;
  /** The same for each repeat of the update. */
  messageId: string;
}

/** The word as an event like any other, so that who is who, what holds and who must hear of it is decided where it always is. */
export function eventOf({ state, chat, who, locale, textVersion, at, messageId }: Word, clock: Clock): Event {
  const name = state === 'granted' ? 'Subscribed' : 'Unsubscribed';
  const consent: Effect = {
    do: 'consent',
    purpose: 'advertising',
    channel: 'telegram',
    state,
    textVersion,
    source: 'bot',
  };
  const call = {
    type: 'track',
    event: name,
    messageId,
    properties: { channel: 'telegram' },
    context: { source: 'bot' },
  };
  return {
    messageId,
    type: 'track',
    name,
    occurredAt: at,
    receivedAt: clock.now(),
    profile: 'personal',
    who: { ...who, telegram: chat },
    effects: locale === null ? [consent] : [consent, { do: 'trait', name: 'locale', value: locale }],
    payload: JSON.stringify(call),
  };
}

/** Somebody joins or leaves the queue of an item (J9) by a button. */
export function queueEventOf(
  { what, chat, item, messageId }: { what: 'joined' | 'left'; chat: string; item: string; messageId: string },
  clock: Clock,
): Event {
  const name = what === 'joined' ? 'Queue Joined' : 'Queue Left';
  const now = clock.now();
  const call = { type: 'track', event: name, messageId, properties: { product_id: item }, context: { source: 'bot' } };
  return {
    messageId,
    type: 'track',
    name,
    occurredAt: now,
    receivedAt: now,
    profile: 'personal',
    who: { telegram: chat },
    effects: [{ do: 'item', what, item }],
    payload: JSON.stringify(call),
  };
}

/** Business time of what Telegram dates by whole wall seconds; never in the future. A yes counts from the beginning of its
 *  second and a no from the end, so that of both in one second the no holds. */
export function happened(clock: Clock, seconds: number, edge: 'begin' | 'end', wallNow = Date.now()): Date {
  const wall = seconds * 1000 + (edge === 'end' ? 999 : 0);
  return new Date(clock.now(wallNow).getTime() - Math.max(0, wallNow - wall) * clock.time.scale);
}
