import { classifyClick, classifyOpen, type Visitor } from '#domain/opens.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';
import { emailAddress } from '#domain/segment.ts';
import { isRecord, type Properties, text } from '#domain/shapes.ts';

/** The name under which our ledger's id goes along with a letter, and comes back with what is told of it. */
export const idName = 'vestnik_id';

interface Telling {
  kind: ProviderEvent['kind'];
  key: string;
  /** What the provider gave back under `idName`. Without it the letter is not ours (shops write by the same account), and only what
   *  concerns the address counts. */
  id: unknown;
  address: unknown;
  at: number | null;
  by?: Visitor;
  /** In the provider's words. */
  reason?: unknown[];
}

/** A word about a letter, or about an address. */
export function emailEvent({ kind, key, id, address, at, by, reason = [] }: Telling): ProviderEvent {
  return {
    kind,
    key,
    channel: 'email',
    message: isId(id) ? { id } : null,
    address: emailAddress(address),
    at,
    by: by ?? null,
    reason: wordsOf(...reason) || null,
  };
}

/** A provider's or mail server's words as they may be kept: without the address, which they like to repeat. */
export function wordsOf(...words: unknown[]): string {
  return words
    .filter((word) => typeof word === 'number' || (typeof word === 'string' && word.trim() !== ''))
    .join(' ')
    .slice(0, 2_000) // looking for addresses takes the square of the length
    .replace(/\S+@\S+/g, '[address]')
    .replace(/\s+/g, ' ')
    .slice(0, 300);
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(value);
}

/** Who it was, as far as the browser or mail program tells: a provider's events come without the time that has passed. */
export function visitorBy(kind: 'opened' | 'clicked', userAgent: unknown): Visitor {
  if (typeof userAgent !== 'string' || userAgent === '') return 'unknown';
  const visit = { method: 'GET', userAgent, sinceSentMs: Number.POSITIVE_INFINITY };
  return (kind === 'opened' ? classifyOpen(visit) : classifyClick(visit)) ?? 'unknown';
}

/** Epoch milliseconds of a time as text; null for none. */
export function instantOf(value: unknown): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** Null where it is none. */
export function jsonOf(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch {
    return null;
  }
}

export function record(value: unknown): Properties {
  return isRecord(value) ? value : {};
}

export function textOf(value: unknown): string {
  return text(value) ?? '';
}
