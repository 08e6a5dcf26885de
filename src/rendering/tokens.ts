import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** What a link in a message is for: `o` open pixel, `c` click, `u` unsubscribe, `y` yes to a subscription. Their order is part of
 *  every token: add at the end, eight at most. */
const purposes = ['o', 'c', 'u', 'y'] as const;
export type TokenPurpose = (typeof purposes)[number];

export interface ReadToken {
  messageId: string;
  /** Index into the message's links; 0 where the purpose has none. */
  link: number;
}

/** RFC 2104, 5: not under 80 bits. */
const macLength = 10;
/** A link's index shares a byte with the purpose while it is below this; a larger one takes two bytes more. */
const shortLinks = 31;
const shortHead = 1 + 16;
const longHead = shortHead + 2;
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** A raw buffer key costs five times as much per signature as a key object that is kept. */
const keys = new Map<string, KeyObject>();

function keyOf(secret: string): KeyObject {
  const kept = keys.get(secret);
  if (kept) return kept;
  const key = createSecretKey(secret, 'utf8');
  keys.set(secret, key);
  return key;
}

function mac(secret: string, head: Buffer): Buffer {
  return createHmac('sha256', keyOf(secret)).update(head).digest().subarray(0, macLength);
}

/** A signed, URL-safe token: purpose, message, link index (0 … 65535), and an HMAC-SHA256 cut to 10 bytes. 36 characters,
 *  because an SMS is paid for by the character; 39 from the 32nd link on. */
export function messageToken(secret: string, messageId: string, purpose: TokenPurpose, link = 0): string {
  if (!uuid.test(messageId)) throw new TypeError('a token is about a message, whose id is a lower-case UUID');
  const head = Buffer.allocUnsafe(link < shortLinks ? shortHead : longHead);
  head.writeUInt8((purposes.indexOf(purpose) << 5) | Math.min(link, shortLinks), 0);
  head.write(messageId.replaceAll('-', ''), 1, 'hex');
  if (link >= shortLinks) head.writeUInt16BE(link, shortHead);
  return Buffer.concat([head, mac(secret, head)]).toString('base64url');
}

/** What a token says; null for one that is damaged, forged, or made for another purpose. */
export function readToken(secret: string, token: string, purpose: TokenPurpose): ReadToken | null {
  const bytes = Buffer.from(token, 'base64url');
  const headLength = bytes.length - macLength;
  if ((headLength !== shortHead && headLength !== longHead) || bytes.toString('base64url') !== token) return null;
  const head = bytes.subarray(0, headLength);
  if (!timingSafeEqual(mac(secret, head), bytes.subarray(headLength))) return null;
  const first = head.readUInt8(0);
  if (purposes[first >> 5] !== purpose) return null;
  const id = head.toString('hex', 1, shortHead).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { messageId: id, link: headLength === longHead ? head.readUInt16BE(shortHead) : first & 31 };
}
