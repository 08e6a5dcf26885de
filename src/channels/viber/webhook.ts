import { isProven, messageIn } from '#channels/http/callback.ts';
import { exactJson } from '#channels/http/exact-json.ts';
import { said } from '#channels/http/outcome.ts';
import { eventOf, kindOf, reported, reportsIn, type Told } from '#channels/http/reports.ts';
import { e164Of } from '#channels/phone.ts';
import { hmacs, isOneOf } from '#channels/signed.ts';
import { isStopWord } from '#channels/stop-words.ts';
import type { ProviderWebhook } from '#channels/webhook.ts';
import { isRecord, type Properties, text } from '#domain/shapes.ts';

/**
 * What Viber and its partners tell. Proved by `X-Viber-Content-Signature` (HMAC-SHA256 of the body under the auth token, as Viber
 * itself and those who pass its callbacks on send it), or by an address that we gave out for one message; then it is about that
 * message, whatever the body says.
 */
export const viberWebhook: ProviderWebhook = {
  check({ raw, url, header }, secrets) {
    const isSigned = isOneOf(header('x-viber-content-signature'), 'hex', hmacs('sha256', secrets, raw));
    return isSigned || isProven(url, 'viber', secrets) ? 'genuine' : 'wrong';
  },
  read({ raw, url }) {
    const body = exactJson(raw.toString());
    if (!isRecord(body)) return null;
    const ours = messageIn(url);
    if (typeof body.event === 'string') return eventOf(viberEvent(body, body.event), 'viber', ours);
    return reportsIn(body)?.flatMap((report) => eventOf(reported(report), 'viber', ours)) ?? null;
  },
  // Viber takes what a started conversation is answered with for a welcome message.
  thanks: { status: 200, contentType: 'text/plain', body: '' },
};

/** Viber's own callbacks (https://developers.viber.com/docs/api/rest-bot-api/#callbacks). `user_id` is a phone with those who write
 *  to phones only. */
function viberEvent(body: Properties, event: string): Told | null {
  const id = text(body.message_token);
  const sender = isRecord(body.sender) ? body.sender : {};
  const address = e164Of(text(body.phone ?? body.msisdn ?? body.user_id ?? sender.id) ?? '');
  const at = typeof body.timestamp === 'number' ? body.timestamp : null;
  if (event === 'unsubscribed') return { kind: 'stopped', id, message: null, address, at, reason: null };
  if (event === 'message') {
    const words = isRecord(body.message) ? text(body.message.text) : undefined;
    return isStopWord(words ?? '') ? { kind: 'stopped', id, message: null, address, at, reason: null } : null;
  }
  const kind = kindOf(event);
  if (kind === null || id === undefined) return null;
  return {
    kind,
    id,
    message: { providerId: id },
    address,
    at,
    reason: kind === 'failed' ? said('Viber:', body.desc) : null,
  };
}
