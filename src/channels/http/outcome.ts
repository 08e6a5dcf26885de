import type { SubmitResult } from '#channels/channel.ts';
import type { Answered, Reply } from './call.ts';

/** Somebody has to mend something first (credentials, money, the sender's name): asking more often only annoys. */
export const untilMendedMs = 300_000;

/** A provider's words as they may be kept: numbers and addresses in them are a customer's. */
export function said(...words: unknown[]): string {
  return words
    .filter((word) => typeof word === 'number' || (typeof word === 'string' && word.trim() !== ''))
    .map((word) => masked(String(word)))
    .join(' ')
    .slice(0, 300);
}

function masked(words: string): string {
  return words
    .slice(0, 1_000) // looking for addresses takes the square of the length
    .replace(/\S+@\S+/g, '[address]')
    .replace(/\+?\d[\d\s().-]{5,}\d/g, '[number]')
    .replace(/\s+/g, ' ');
}

export function refused(reason: string, suppress: 'bounced' | 'blocked' | null = null): SubmitResult {
  return { result: 'refused', reason, suppress };
}

export function later(reason: string, retryAfterMs: number | null = null): SubmitResult {
  return { result: 'later', reason, retryAfterMs };
}

/** Nothing of any message goes out before a person has done something: the reason says what. */
export function toMend(reason: string, what: string): SubmitResult {
  return later(`${reason}: ${what}`, untilMendedMs);
}

/** What an answer means when all we have is its status, and what no answer means. A 5xx may come of a message that was taken. */
export function byStatus(reply: Reply, reason: string): SubmitResult {
  if (reply.got === 'none') return reply.sent ? { result: 'unknown', reason: reply.reason } : later(reply.reason);
  const { status, retryAfterMs } = reply;
  if (status === 429 || status === 408) return later(reason, retryAfterMs);
  if (status >= 300 && status < 400) return toMend(reason, "the provider's address has moved, correct it");
  if ([401, 402, 403, 404].includes(status))
    return toMend(reason, 'check the address, the credentials and the account');
  return status >= 400 && status < 500 ? refused(reason) : { result: 'unknown', reason };
}

export function isSuccess({ status }: Answered): boolean {
  return status >= 200 && status < 300;
}
