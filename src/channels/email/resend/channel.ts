import { Resend } from 'resend';
import type { Channel, SubmitResult } from '#channels/channel.ts';
import { answered, apiChannel, originOf, type Posted, part, within } from '#channels/email/api.ts';
import type { EmailOptions } from '#channels/email/channel.ts';
import type { Letter } from '#channels/email/message.ts';
import { idName, record, textOf, wordsOf } from '#channels/email/told.ts';
import { retryAfter } from '#channels/http/call.ts';
import { later } from '#channels/http/outcome.ts';

/** `resend://KEY`. Every attempt has the same `Idempotency-Key`, which Resend keeps for a day: what may have been taken is tried
 *  again, and goes out once. */
export function createResendChannel(url: URL, { timeLimit }: EmailOptions): Channel {
  const { origin } = originOf(url, 'https://api.resend.com');
  const client = new Resend(part(url, 'hostname'), { baseUrl: origin });

  async function post(letter: Letter): Promise<Posted | SubmitResult> {
    const request = { idempotencyKey: letter.id, signal: AbortSignal.timeout(timeLimit) };
    try {
      const answer = await within(timeLimit + 1_000, client.emails.send(mailOf(letter), request));
      return answer.error === null ? { id: answer.data.id } : unsent(answer.error, answer.headers);
    } catch {
      return later('no answer: the connection failed or took too long');
    }
  }
  return apiChannel('resend', post);
}

function mailOf({ id, sender, to, subject, html, text, headers }: Letter) {
  return { from: sender, to, subject, html, text, headers, tags: [{ name: idName, value: id }] };
}

/** https://resend.com/docs/api-reference/errors. The client gives no status where there was no answer. */
function unsent(error: object, headers: Record<string, string> | null): Posted | SubmitResult {
  const { name, message, statusCode } = record(error);
  const status = Number(statusCode);
  const words = wordsOf(name, message);
  const wait = retryAfter(headers?.['retry-after'] ?? null, Date.now());
  // Our first letter was another, with the same key: that one was taken.
  if (name === 'invalid_idempotent_request') return { result: 'unknown', reason: words };
  if (!(status > 0) || status >= 500 || name === 'concurrent_idempotent_requests') return later(words, wait);
  // A quota of a day or month is no refusal of the letter.
  if (/quota/.test(textOf(name))) return later(words, wait ?? 3_600_000);
  return { reply: answered(status, wait), words, isBadAddress: /Invalid [`'"]?to[`'"]? field/i.test(textOf(message)) };
}
