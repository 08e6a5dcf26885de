import type { Effect, Event, Who } from './events.ts';
import type { ProfileKind } from './journey.ts';
import { effectsOf } from './segment-effects.ts';
import { isRecord, type Properties, text } from './shapes.ts';

/** What normalising needs to know besides the call itself. */
export interface CallContext {
  /** Business time of arrival. */
  receivedAt: Date;
  /** The same instant on the wall, epoch ms: what client clocks are compared with. */
  wallNow: number;
  /** Business seconds in a wall second. */
  scale: number;
  /** The batch's `sentAt`, where the call has none of its own. */
  sentAt?: unknown;
  /** For amounts that come without a currency. */
  currency: string;
  /** E.164, or null where it is no phone number. */
  phone(value: string): string | null;
  /** The address as text, or null where it is none. */
  ip(value: unknown): string | null;
  /** A short stable id of a text, for events that come without `messageId`. */
  fingerprint(value: string): string;
}

/** A call that can never be accepted; `field` says what is wrong with it. Holds nothing personal. */
export class BadEvent extends Error {
  readonly field: string;
  constructor(field: string, problem: string) {
    super(`${field} ${problem}`);
    this.field = field;
  }
}

const types = ['identify', 'track', 'page', 'screen', 'group', 'alias'] as const;
type CallType = (typeof types)[number];

export function isCallType(value: unknown): value is CallType {
  return types.includes(value as CallType);
}

/** One call of Segment's HTTP tracking API → one event. Lenient where a client may be sloppy (numbers as ids,
 *  unreadable timestamps), strict where the event could not be told apart or attributed. Throws BadEvent. */
export function normalise(call: unknown, type: unknown, context: CallContext): Event {
  if (!isRecord(call)) throw new BadEvent('event', 'must be an object');
  if (!isCallType(type)) throw new BadEvent('type', `must be one of ${types.join(', ')}`);
  const payload = payloadOf(call);
  const name = type === 'track' ? eventName(call.event) : type;
  const { properties, traits, ambient } = partsOf(call);
  const messageId = optionalId(call.messageId, 'messageId') ?? idOf(call, payload, context);
  const who = whoOf(call, name, { properties, traits, ambient }, context);
  const { currency, ip, receivedAt } = context;
  const effects = effectsOf({ type, name, properties, traits, ambient, call, currency, ip });
  return {
    messageId,
    type,
    name,
    occurredAt: occurredAt(call, context),
    receivedAt,
    profile: profileOf(ambient.profile),
    who,
    effects: [...contacts(who), ...effects],
    payload,
  };
}

/** A client that gives no id may still send a call again, so its content is the id. Where it says no time either, the same
 *  content an hour later is another event, and not a repetition: the same product put into a cart twice. */
function idOf({ timestamp, originalTimestamp }: Properties, payload: string, context: CallContext): string {
  const isTimed = timestamp !== undefined || originalTimestamp !== undefined;
  const hour = isTimed ? '' : ` in hour ${Math.floor(context.wallNow / 3_600_000)}`;
  return `auto-${context.fingerprint(payload + hour)}`;
}

interface Parts {
  properties: Properties;
  traits: Properties;
  /** Segment's `context`. */
  ambient: Properties;
}

function partsOf(call: Properties): Parts {
  const part = (field: string): Properties => {
    const value = call[field] ?? {};
    if (!isRecord(value)) throw new BadEvent(field, 'must be an object');
    return value;
  };
  return { properties: part('properties'), traits: part('traits'), ambient: part('context') };
}

/** The call as it came, without the write key. PostgreSQL's text holds neither NUL nor half a surrogate pair, and one
 *  such event would fail the whole statement that it goes in with. */
function payloadOf(call: Properties): string {
  if (isDeeper(call, deepest)) throw new BadEvent('event', `is nested in more than ${deepest} levels`);
  const payload = JSON.stringify('writeKey' in call ? { ...call, writeKey: undefined } : call);
  // JSON.stringify escapes \u only for control characters and lone surrogates; pairs are written as they are.
  if (payload.includes('\\u') && /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(payload)) {
    throw new BadEvent('event', 'holds \\u0000 or a lone surrogate, which cannot be stored');
  }
  return payload;
}

/** Deeper documents are nobody's data; PostgreSQL and we ourselves write them by recursion. */
const deepest = 64;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function eventName(value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '') throw new BadEvent('event', 'must be a name');
  if (value.length > 200) throw new BadEvent('event', 'must not be longer than 200 characters');
  return value.trim();
}

function optionalId(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const id = text(value);
  if (id === undefined) throw new BadEvent(field, 'must be a string');
  if (id.length > 255) throw new BadEvent(field, 'must not be longer than 255 characters');
  return id;
}

/** Ids that faulty integrations send for everybody; taken at their word they would join all visitors into one. */
const nobody = new Set(['null', 'undefined', 'none', 'nil', 'nan', 'true', 'false', '0', '-1', '[object object]']);
nobody.add('anonymous').add('guest').add('not_authenticated').add('00000000-0000-0000-0000-000000000000');

function personId(value: unknown, field: string): string | undefined {
  const id = optionalId(value, field)?.trim();
  return id === undefined || id === '' || nobody.has(id.toLowerCase()) ? undefined : id;
}

/** Calls whose `properties` speak of the customer; in others an e-mail may be somebody else's (an invited friend). */
const aboutThemselves = new Set([
  'Signed Up',
  'Subscribed',
  'Unsubscribed',
  'Consent Changed',
  'Checkout Started',
  'Order Completed',
  'Order Updated',
]);

function whoOf(call: Properties, name: string, parts: Parts, { phone }: CallContext): Who {
  const said = { ...contextTraits(parts.ambient), ...(aboutThemselves.has(name) ? parts.properties : {}) };
  // A group's traits are the company's.
  if (name !== 'group') Object.assign(said, parts.traits);
  const who: Who = {};
  const userId = personId(call.userId, 'userId');
  const anonymousId = personId(call.anonymousId, 'anonymousId');
  const previousId = name === 'alias' ? personId(call.previousId, 'previousId') : undefined;
  const email = emailAddress(said.email);
  const number = text(said.phone);
  const phoneNumber = number === undefined ? null : phone(number);
  if (userId !== undefined) who.userId = userId;
  if (anonymousId !== undefined) who.anonymousId = anonymousId;
  if (previousId !== undefined) who.previousId = previousId;
  if (email !== null) who.email = email;
  if (phoneNumber !== null) who.phone = phoneNumber;
  const card = cardNumber(said.loyaltyCard);
  if (card !== null) who.card = card;
  if (Object.keys(who).length === 0) throw new BadEvent('userId', 'or anonymousId must say who it was');
  return who;
}

/** A loyalty card as tills write it, with or without spaces; null for what stands for none. */
export function cardNumber(value: unknown): string | null {
  const number = text(value)?.replace(/[\s-]/g, '') ?? '';
  return /^[\p{L}\d]{3,64}$/u.test(number) && !/^0+$/.test(number) && !nobody.has(number.toLowerCase()) ? number : null;
}

function contacts({ email, phone }: Who): Effect[] {
  const found: Effect[] = [];
  if (email !== undefined) found.push({ do: 'contact', channel: 'email', address: email });
  if (phone !== undefined) found.push({ do: 'contact', channel: 'phone', address: phone });
  return found;
}

function contextTraits(ambient: Properties): Properties {
  return isRecord(ambient.traits) ? ambient.traits : {};
}

/** Trimmed and in lower case; null for what cannot be an address. Deliverability is the provider's to tell. */
export function emailAddress(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const address = value.trim().toLowerCase();
  return address.length <= 254 &&
    /^[^\s@<>"(),:;[\]\\]{1,64}@(?:[^\s@<>"(),:;[\]\\.]+\.)+[^\s@<>"(),:;[\]\\.]{2,}$/.test(address)
    ? address
    : null;
}

function profileOf(value: unknown): ProfileKind {
  return value === 'corporate' || value === 'b2b' ? 'corporate' : 'personal';
}

/** When it happened, in business time. Segment's rule: receivedAt − (sentAt − timestamp), so only the time that passed
 *  on the client's own clock counts and its skew falls out; without `sentAt` the clock is taken at its word. Never in
 *  the future. What passed on the wall passed `scale` times as fast in business time. */
function occurredAt(call: Properties, { receivedAt, wallNow, scale, sentAt }: CallContext): Date {
  const happened = instant(call.timestamp) ?? instant(call.originalTimestamp);
  if (happened === null) return receivedAt;
  const sent = instant(call.sentAt) ?? instant(sentAt) ?? wallNow;
  return new Date(Math.max(earliest, receivedAt.getTime() - Math.max(0, sent - happened) * scale));
}

/** Years that PostgreSQL and people take for dates; outside of them it is a client's mistake. */
const earliest = Date.UTC(1990, 0, 1);

function instant(value: unknown): number | null {
  const ms = typeof value === 'string' || typeof value === 'number' ? new Date(value).getTime() : Number.NaN;
  return ms >= earliest ? ms : null;
}
