import type { SubmitResult } from '#channels/channel.ts';
import { type Answered, call } from '#channels/http/call.ts';
import { byStatus, isSuccess, later, refused, said, toMend } from '#channels/http/outcome.ts';
import type { Phone } from '#channels/phone.ts';
import { isRecord } from '#domain/shapes.ts';
import type { TwilioSettings } from './settings.ts';

/** One text, on its way. */
export interface Sms {
  id: string;
  phone: Phone;
  body: string;
  publicUrl: string;
  timeLimit: number;
}

/**
 * One SMS to Twilio's Messages resource. A request of our own in place of Twilio's client: the client brings axios, jsonwebtoken and
 * four more packages for one form, talks to hosts of Twilio's only (no test could answer it), and its errors do not tell a request
 * that never left from one without an answer. Twilio has no idempotency key, so what has no answer is unknown.
 */
export async function submitToTwilio(settings: TwilioSettings, text: Sms): Promise<SubmitResult> {
  const { account, token, sender, api } = settings;
  const form = new URLSearchParams({
    To: text.phone.e164,
    Body: text.body,
    // Our id comes back with every word on the message, also where the answer to this request is lost.
    StatusCallback: `${text.publicUrl}/webhooks/twilio?message=${text.id}`,
    [/^MG\w+$/.test(sender) ? 'MessagingServiceSid' : 'From']: sender,
  });
  const reply = await call({
    url: `${api}/2010-04-01/Accounts/${encodeURIComponent(account)}/Messages.json`,
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: form.toString(),
    timeLimit: text.timeLimit,
  });
  return reply.got === 'none' ? byStatus(reply, '') : outcomeOf(reply);
}

/** Errors by https://www.twilio.com/docs/api/errors. */
export const noSuchNumber = new Set([21211, 21214, 21217, 21614]);
export const optedOut = 21610;
/** About the sender or the account: no message of ours would be taken. */
const ours = new Set([20003, 21212, 21603, 21606, 21609, 21659, 21660, 21701, 21703, 21704, 21705]);
/** Too much at once; 21611: the sender's queue is full. */
const tooMuch = new Set([20429, 21611]);

function outcomeOf(reply: Answered): SubmitResult {
  const body = isRecord(reply.body) ? reply.body : {};
  if (isSuccess(reply) && typeof body.sid === 'string') return { result: 'accepted', providerId: body.sid };
  const code = Number(body.code);
  const reason = said(`Twilio answered ${reply.status}`, body.code, body.message);
  if (noSuchNumber.has(code)) return refused(reason, 'bounced');
  if (code === optedOut) return refused(reason, 'blocked');
  if (ours.has(code)) return toMend(reason, 'check the account and the sender');
  if (tooMuch.has(code)) return later(reason, reply.retryAfterMs);
  return byStatus(reply, reason);
}
