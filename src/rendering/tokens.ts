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

/** Six macs of one HMAC-SHA512: an output of 64 bytes. */
const macsEach = 6;
/** Where the macs of what has one link a message begin, behind all links that may be clicked. */
const othersFrom = 10_923 * macsEach;

/**
 * Signs the links of one message. A letter has ten of them, and a signature each took longer than the text. So they share a stream
 * of key material that only the secret's holder can make for a message (NIST SP 800-108, counter mode with HMAC-SHA512): each
 * link owns ten bytes of it, which say nothing of the others'.
 */
export class MessageTokens {
  readonly #secret: string;
  readonly #id: Buffer;
  readonly #streams: Buffer[] = [];

  /** `messageId`: a lower-case UUID. */
  constructor(secret: string, messageId: string) {
    if (!uuid.test(messageId)) throw new TypeError('a token is about a message, whose id is a lower-case UUID');
    this.#secret = secret;
    this.#id = Buffer.from(messageId.replaceAll('-', ''), 'hex');
  }

  /** A signed, URL-safe token: purpose, message, link index (0 … 65535, of clicks only), and a mac of 10 bytes. 36 characters, because an
   *  SMS is paid for by the character; 39 from the 32nd link on. */
  token(purpose: TokenPurpose, link = 0): string {
    const headLength = link < shortLinks ? shortHead : longHead;
    const bytes = Buffer.allocUnsafe(headLength + macLength);
    bytes.writeUInt8((purposes.indexOf(purpose) << 5) | Math.min(link, shortLinks), 0);
    this.#id.copy(bytes, 1);
    if (link >= shortLinks) bytes.writeUInt16BE(link, shortHead);
    this.mac(purpose, link).copy(bytes, headLength);
    return bytes.toString('base64url');
  }

  mac(purpose: TokenPurpose, link: number): Buffer {
    const place = purpose === 'c' ? link : othersFrom + purposes.indexOf(purpose);
    const from = (place % macsEach) * macLength;
    return this.#stream(Math.floor(place / macsEach)).subarray(from, from + macLength);
  }

  #stream(counter: number): Buffer {
    const known = this.#streams[counter];
    if (known) return known;
    const input = Buffer.allocUnsafe(2 + this.#id.length);
    input.writeUInt16BE(counter, 0);
    this.#id.copy(input, 2);
    const made = createHmac('sha512', keyOf(this.#secret)).update('vestnik link').update(input).digest();
    this.#streams[counter] = made;
    return made;
  }
}

/** One token of a message. */
export function messageToken(secret: string, messageId: string, purpose: TokenPurpose, link = 0): string {
  return new MessageTokens(secret, messageId).token(purpose, link);
}

/** What a token says; null for one that is damaged, forged, or made for another purpose. */
export function readToken(secret: string, token: string, purpose: TokenPurpose): ReadToken | null {
  const bytes = Buffer.from(token, 'base64url');
  const headLength = bytes.length - macLength;
  if ((headLength !== shortHead && headLength !== longHead) || bytes.toString('base64url') !== token) return null;
  const first = bytes.readUInt8(0);
  const link = headLength === longHead ? bytes.readUInt16BE(shortHead) : first & shortLinks;
  const isAsMade =
    headLength === longHead ? (first & shortLinks) === shortLinks && link >= shortLinks : link < shortLinks;
  // What the mac does not cover must be as we write it.
  if (purposes[first >> 5] !== purpose || !isAsMade || (purpose !== 'c' && link !== 0)) return null;
  const messageId = bytes.toString('hex', 1, shortHead).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const mac = new MessageTokens(secret, messageId).mac(purpose, link);
  return timingSafeEqual(mac, bytes.subarray(headLength)) ? { messageId, link } : null;
}
