import { hash } from 'node:crypto';
import { isIP } from 'node:net';
import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { Clock } from '#domain/clock.ts';
import type { Event } from '#domain/events.ts';
import { BadEvent, type CallContext, normalise } from '#domain/segment.ts';
import type { Properties } from '#domain/shapes.ts';
import type { ShopSettings } from '#domain/shop.ts';

/** What became of the calls of one request. */
export interface Read {
  events: Event[];
  /** Place in the batch of each event. */
  places: number[];
  refused: Refused[];
}

export interface Refused {
  index: number;
  field: string;
  reason: string;
}

/** Segment's limits. Bytes, unpacked. */
export const eventLimit = 32 * 1024;
export const batchLimit = 500 * 1024;

/** A bad call takes none of the others of its batch with it. */
export function readCalls(calls: readonly { call: unknown; type: unknown }[], context: CallContext): Read {
  const read: Read = { events: [], places: [], refused: [] };
  for (const [index, { call, type }] of calls.entries()) {
    try {
      const event = normalise(call, type, context);
      if (Buffer.byteLength(event.payload) > eventLimit) throw new BadEvent('event', 'is larger than 32 KB');
      read.events.push(event);
      read.places.push(index);
    } catch (error) {
      if (!(error instanceof BadEvent)) throw error;
      read.refused.push({ index, field: error.field, reason: error.message });
    }
  }
  return read;
}

export function contextOf(clock: Clock, shop: ShopSettings, body: Properties): CallContext {
  const wallNow = Date.now();
  return {
    receivedAt: clock.now(wallNow),
    wallNow,
    scale: clock.time.scale,
    sentAt: body.sentAt,
    currency: shop.currency,
    phone: (value) => phoneNumber(value, shop.currency),
    ip: (value) => (typeof value === 'string' && isIP(value) !== 0 ? value : null),
    fingerprint: (value) => hash('sha256', value).slice(0, 32),
  };
}

/** Numbers written without a country are those of the country whose money the shop takes. */
const countries: Readonly<Record<string, CountryCode>> = {
  RUB: 'RU',
  BYN: 'BY',
  KZT: 'KZ',
  GBP: 'GB',
  PLN: 'PL',
  TRY: 'TR',
  INR: 'IN',
  CNY: 'CN',
  JPY: 'JP',
};

/** E.164, or null for what is no possible number. */
export function phoneNumber(value: string, currency: string): string | null {
  if (value.length > 40) return null;
  const parsed = parsePhoneNumberFromString(value, countries[currency]);
  return parsed?.isPossible() ? parsed.number : null;
}
