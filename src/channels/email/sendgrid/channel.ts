import type { Channel, SubmitResult } from '#channels/channel.ts';
import { apiChannel, originOf, type Posted, part } from '#channels/email/api.ts';
import type { EmailOptions } from '#channels/email/channel.ts';
import type { Letter } from '#channels/email/message.ts';
import { idName, record, textOf, wordsOf } from '#channels/email/told.ts';
import { type Answered, call, type Reply } from '#channels/http/call.ts';
import { isSuccess } from '#channels/http/outcome.ts';
import { Failure } from '#domain/failure.ts';

/** `sendgrid://KEY`; `?region=eu` keeps what is sent in the European Union. Not by SendGrid's own client: it cannot be told to give
 *  up, and brings a second HTTP library for one request. */
export function createSendgridChannel(url: URL, { timeLimit }: EmailOptions): Channel {
  const key = part(url, 'hostname');
  if (!key.startsWith('SG.')) throw new Failure('A key of SendGrid begins with SG.: sendgrid://SG.xxx.yyy.');
  const isEuropean = url.searchParams.get('region') === 'eu';
  const origin = originOf(url, isEuropean ? 'https://api.eu.sendgrid.com' : 'https://api.sendgrid.com');
  const address = new URL('/v3/mail/send', origin).href;
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };

  async function post(letter: Letter): Promise<Posted | SubmitResult> {
    const body = JSON.stringify(mailOf(letter));
    const reply = await call({ url: address, method: 'POST', headers, body, timeLimit });
    const id = reply.got === 'answer' && isSuccess(reply) ? reply.headers['x-message-id'] : undefined;
    return id === undefined ? unsent(reply) : { id };
  }
  return apiChannel('sendgrid', post);
}

/** Custom arguments come back with every event. */
function mailOf({ id, from, to, subject, html, text, headers }: Letter) {
  return {
    personalizations: [{ to: [{ email: to }], custom_args: { [idName]: id } }],
    from,
    subject,
    content: [
      { type: 'text/plain', value: text },
      { type: 'text/html', value: html },
    ],
    headers,
  };
}

function unsent(reply: Reply): Posted {
  if (reply.got === 'none') return { reply, words: '', isBadAddress: false };
  const { errors } = record(reply.body);
  const faults = Array.isArray(errors) ? errors.map(record) : [];
  return {
    reply: { ...reply, retryAfterMs: reply.retryAfterMs ?? untilReset(reply) },
    words: wordsOf(...faults.map(({ message }) => message)),
    isBadAddress: faults.some(({ field, message }) => isOfRecipient(field) && /valid address/i.test(textOf(message))),
  };
}

/** `personalizations.0.to.0.email` */
function isOfRecipient(field: unknown): boolean {
  return /^personalizations\.\d+\.to\b/.test(textOf(field));
}

/** The limit begins anew at an epoch second. */
function untilReset({ headers }: Answered): number | null {
  const seconds = Number(headers['x-ratelimit-reset']);
  return seconds > 0 ? Math.max(1_000, seconds * 1000 - Date.now()) : null;
}
