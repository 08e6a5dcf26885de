import { hmacs } from './signed.ts';

/** A webhook of ours, as Standard Webhooks (https://www.standardwebhooks.com) have it. */
export interface OutgoingWebhook {
  /** The same in every attempt: what the receiver knows repeats by. */
  id: string;
  url: string;
  body: string;
  secret: string;
}

/** Wall time that a receiver has to answer. */
const limitMs = 15_000;

export type WebhookAnswer =
  | { result: 'taken' }
  | { result: 'gone' }
  | { result: 'later'; reason: string; retryAfterMs: number | null };

/** Hands it over. Any 2xx counts as taken; 410 means that nobody is there any more. Redirects are not followed: what is signed for
 *  one address is not for another. Never throws. */
export async function postWebhook(webhook: OutgoingWebhook, wallNow: number): Promise<WebhookAnswer> {
  const { url, body } = webhook;
  const headers = { 'content-type': 'application/json', 'user-agent': 'Vestnik', ...signature(webhook, wallNow) };
  try {
    const signal = AbortSignal.timeout(limitMs);
    const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    await answer.body?.cancel();
    if (answer.ok) return { result: 'taken' };
    if (answer.status === 410) return { result: 'gone' };
    return { result: 'later', reason: `status ${answer.status}`, retryAfterMs: retryAfter(answer) };
  } catch (error) {
    const reason = error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : 'no connection';
    return { result: 'later', reason, retryAfterMs: null };
  }
}

function signature({ id, body, secret }: OutgoingWebhook, wallNow: number): Record<string, string> {
  const timestamp = String(Math.floor(wallNow / 1000));
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const [digest] = hmacs('sha256', [key], `${id}.${timestamp}.${body}`);
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${digest?.toString('base64')}`,
  };
}

const longestRetryAfterMs = 24 * 3_600_000;

function retryAfter({ headers }: Response): number | null {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds * 1000, longestRetryAfterMs) : null;
}
