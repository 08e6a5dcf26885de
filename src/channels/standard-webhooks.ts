import { hmacs, isOneOf } from './signed.ts';
import type { Verdict } from './webhook.ts';

/** What the headers of Standard Webhooks (https://www.standardwebhooks.com) say, whatever their prefix. */
export interface StandardHeaders {
  id: string | undefined;
  timestamp: string | undefined;
  signature: string | undefined;
}

/** Wall seconds that a signed time may be off. */
export const toleranceSeconds = 300;

/** A header with thousands of them only costs time. */
const mostSignatures = 20;

/** Symmetric signatures, `v1`. */
export function checkStandard(
  { id, timestamp, signature }: StandardHeaders,
  raw: Buffer,
  secrets: readonly string[],
  wallNow: number,
): Verdict {
  if (!id || !timestamp || !signature || !/^\d{1,12}$/.test(timestamp)) return 'wrong';
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), raw]);
  const digests = hmacs('sha256', secrets.map(standardKey), signed);
  const given = signature.split(' ').slice(0, mostSignatures);
  const hits = given.map((one) => one.startsWith('v1,') && isOneOf(one.slice(3), 'base64', digests));
  if (!hits.includes(true)) return 'wrong';
  return isFresh(Number(timestamp), wallNow) ? 'genuine' : 'stale';
}

/** Whether a signed time, in epoch seconds, is near enough to now. */
export function isFresh(seconds: number, wallNow: number): boolean {
  return Math.abs(wallNow / 1000 - seconds) <= toleranceSeconds;
}

const prefix = /^whsec_/;
const shortest = 16;

function standardKey(secret: string): Buffer {
  return Buffer.from(secret.replace(prefix, ''), 'base64');
}

/** Null for what can be a secret. */
export function standardSecretFault(secret: string): string | null {
  const base64 = secret.replace(prefix, '').replace(/=+$/, '');
  const isBase64 = Buffer.from(base64, 'base64').toString('base64').replace(/=+$/, '') === base64;
  const isLong = standardKey(secret).length >= shortest;
  return isBase64 && isLong ? null : `must be whsec_ and at least ${shortest} bytes in base64`;
}
