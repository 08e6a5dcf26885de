import { isRecord, type Properties, text } from '#domain/shapes.ts';
import type { ShopSettings } from '#domain/shop.ts';

/** One webhook as it came in. */
export interface Delivery {
  raw: Buffer;
  header(name: string): string | undefined;
}

/** A call in the shape of Segment's tracking API. */
export type Call = Properties & { type: string };

/** What a webhook tells, in our own words. */
export type Told =
  | { tells: 'calls'; calls: Call[] }
  /** `product` has the shape of `PUT /products`; `at` is the shop's time of this state. */
  | { tells: 'product'; product: Properties; at: unknown }
  | { tells: 'withdrawn'; productId: string; at: unknown }
  /** Money went back; the shop names the order and not the customer. */
  | { tells: 'refund'; orderId: string; messageId: string; amounts: Amount[]; at: unknown }
  | { tells: 'nothing'; why: string };

export interface Amount {
  amount: unknown;
  currency: string;
}

export interface WebhookSource {
  /** Whether the delivery is signed with one of the secrets, lately enough where the scheme signs a time. `wallNow`: epoch ms. */
  check(delivery: Delivery, secrets: readonly string[], wallNow: number): 'genuine' | 'wrong' | 'stale';
  read(delivery: Delivery, shop: ShopSettings): Told;
  /** A sender who can mend its events is told 400; a shop would only switch its webhooks off. */
  refuses: boolean;
  /** Something that the shop sends unsigned and that tells nothing. */
  isProbe?(delivery: Delivery): boolean;
  /** Whether this text can be a secret of the source; else what it must be. */
  secretFault?(secret: string): string | null;
}

export function nothing(why: string): Told {
  return { tells: 'nothing', why };
}

/** The body as JSON; null where it is none. Ids beyond 2^53, which Shopify has, are kept digit by digit as texts. */
export function jsonOf({ raw }: Delivery): unknown {
  try {
    return JSON.parse(raw.toString('utf8'), exactly);
  } catch {
    return null;
  }
}

function exactly(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  const digits = context?.source;
  return typeof value === 'number' && digits !== undefined && !Number.isSafeInteger(value) && /^\d+$/.test(digits)
    ? digits
    : value;
}

/** What is known: without null and empty texts. */
export function known(properties: Properties): Properties {
  const entries = Object.entries(properties);
  return Object.fromEntries(entries.filter(([, value]) => value !== null && value !== undefined && value !== ''));
}

/** An id of the shop as text; null for none, and for 0, which WooCommerce gives to guests. */
export function idOf(value: unknown): string | null {
  const id = text(value)?.trim() ?? '';
  return id === '' || id === '0' ? null : id;
}

export function records(value: unknown): Properties[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** Null in place of an empty list, which `known` leaves out. */
export function some<T>(list: T[]): T[] | null {
  return list.length === 0 ? null : list;
}

export function record(value: unknown): Properties {
  return isRecord(value) ? value : {};
}
