import { createHmac, timingSafeEqual } from 'node:crypto';

/** Wall ms in which a link may be followed: a page shows it, a person presses it. */
export const linkLivesMs = 30 * 60_000;

const headLength = 16 + 4;
const macLength = 12;
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** What is signed says what it is for: no token of another purpose can pass for this one. */
function mac(secret: string, head: Buffer): Buffer {
  return createHmac('sha256', secret).update('telegram-link ').update(head).digest().subarray(0, macLength);
}

/** What a deep link starts the bot with (43 of the 64 characters that Telegram allows, `A-Za-z0-9_-`): customer, end, and an
 *  HMAC-SHA256 cut to 12 bytes. `expiresAt`: wall epoch ms. */
export function linkToken(secret: string, customerId: string, expiresAt: number): string {
  if (!uuid.test(customerId)) throw new TypeError('a link is for a customer, whose id is a lower-case UUID');
  const head = Buffer.alloc(headLength);
  head.write(customerId.replaceAll('-', ''), 'hex');
  head.writeUInt32BE(Math.floor(expiresAt / 1000), 16);
  return Buffer.concat([head, mac(secret, head)]).toString('base64url');
}

/** The customer; null for one that is damaged, forged, or over. `wallNow`: epoch ms. */
export function readLinkToken(secret: string, token: string, wallNow: number): string | null {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== headLength + macLength || bytes.toString('base64url') !== token) return null;
  const head = bytes.subarray(0, headLength);
  if (!timingSafeEqual(mac(secret, head), bytes.subarray(headLength))) return null;
  if (head.readUInt32BE(16) * 1000 < wallNow) return null;
  return head.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
