import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** What a link in a message is for: `o` open pixel, `c` click, `u` unsubscribe. */
export type TokenPurpose = 'o' | 'c' | 'u';

export interface ReadToken {
  messageId: string;
  /** Index into the message's links; 0 where the purpose has none. */
  link: number;
}

const headLength = 1 + 16 + 2;
const macLength = 12;
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

/** A signed, URL-safe token of 42 characters: purpose, message, link index (0 … 65535), and an HMAC-SHA256 cut to 12 bytes. */
export function messageToken(secret: string, messageId: string, purpose: TokenPurpose, link = 0): string {
  if (!uuid.test(messageId)) throw new TypeError('a token is about a message, whose id is a lower-case UUID');
  const head = Buffer.allocUnsafe(headLength);
  head.write(purpose, 0, 'latin1');
  head.write(messageId.replaceAll('-', ''), 1, 'hex');
  head.writeUInt16BE(link, headLength - 2);
  return Buffer.concat([head, mac(secret, head)]).toString('base64url');
}

/** What a token says; null for one that is damaged, forged, or made for another purpose. */
export function readToken(secret: string, token: string, purpose: TokenPurpose): ReadToken | null {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== headLength + macLength || bytes.toString('base64url') !== token) return null;
  const head = bytes.subarray(0, headLength);
  if (!timingSafeEqual(mac(secret, head), bytes.subarray(headLength))) return null;
  if (head.toString('latin1', 0, 1) !== purpose) return null;
  const id = head.toString('hex', 1, 17).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { messageId: id, link: head.readUInt16BE(headLength - 2) };
}
