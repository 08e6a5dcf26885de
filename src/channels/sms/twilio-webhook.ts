import { e164Of } from '#channels/phone.ts';
import { hmacs, isOneOf } from '#channels/signed.ts';
import { isStopWord } from '#channels/stop-words.ts';
import type { ProviderWebhook, RawWebhook } from '#channels/webhook.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';
import { noSuchNumber, optedOut } from './twilio.ts';

/** Twilio's status callbacks and incoming messages. The secret is the account's auth token. */
export const twilioWebhook: ProviderWebhook = {
  check(webhook, secrets) {
    const params = [...new URLSearchParams(webhook.raw.toString())].sort(byName).map((pair) => pair.join(''));
    const signed = addresses(webhook.url).map((address) => `${address}${params.join('')}`);
    const digests = signed.flatMap((one) => hmacs('sha1', secrets, one));
    return isOneOf(webhook.header('x-twilio-signature'), 'base64', digests) ? 'genuine' : 'wrong';
  },
  read(webhook) {
    const params = new URLSearchParams(webhook.raw.toString());
    const sid = params.get('MessageSid') ?? params.get('SmsSid');
    if (!sid) return null;
    const event = params.has('Body') ? answered(params, sid) : told(params, sid, webhook);
    return event === null ? [] : [event];
  },
  // Twilio looks for TwiML in what an incoming message is answered with, and warns where there is none.
  thanks: { status: 200, contentType: 'text/xml', body: '<Response/>' },
};

function byName([a]: [string, string], [b]: [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Some of Twilio's products sign the address with its port, others without. */
function addresses(url: string): string[] {
  const parsed = URL.parse(url);
  if (parsed?.port !== '') return [url];
  const port = parsed.protocol === 'https:' ? 443 : 80;
  return [url, url.replace(parsed.host, `${parsed.host}:${port}`)];
}

const kinds: Readonly<Record<string, ProviderEvent['kind']>> = {
  delivered: 'delivered',
  read: 'read',
  undelivered: 'failed',
  failed: 'failed',
  canceled: 'failed',
};

function told(params: URLSearchParams, sid: string, webhook: RawWebhook): ProviderEvent | null {
  const status = params.get('MessageStatus') ?? params.get('SmsStatus') ?? '';
  const kind = Object.hasOwn(kinds, status) ? kinds[status] : undefined;
  if (kind === undefined) return null;
  const code = params.get('ErrorCode') ?? '';
  return {
    kind: kind === 'failed' ? whyFailed(Number(code)) : kind,
    key: `${sid}:${status}`,
    channel: 'sms',
    message: messageOf(webhook, sid),
    address: e164Of(params.get('To') ?? ''),
    at: null,
    by: null,
    reason: code === '' ? null : `Twilio error ${code}`,
  };
}

/** 30005: unknown destination, 30006: a landline. */
function whyFailed(code: number): ProviderEvent['kind'] {
  if (code === optedOut) return 'blocked';
  return noSuchNumber.has(code) || code === 30005 || code === 30006 ? 'bounced' : 'failed';
}

/** Our own id stands in the address that the message was sent with; the address is signed. */
function messageOf({ url }: RawWebhook, sid: string): ProviderEvent['message'] {
  const id = URL.parse(url)?.searchParams.get('message') ?? '';
  return /^[0-9a-f-]{36}$/.test(id) ? { id } : { providerId: sid };
}

/** `OptOutType` stands there where Twilio itself keeps who has stopped (Advanced Opt-Out). */
function answered(params: URLSearchParams, sid: string): ProviderEvent | null {
  const says = params.get('OptOutType');
  if (says === null ? !isStopWord(params.get('Body') ?? '') : says !== 'STOP') return null;
  const address = e164Of(params.get('From') ?? '');
  if (address === null) return null;
  return { kind: 'stopped', key: sid, channel: 'sms', message: null, address, at: null, by: null, reason: null };
}
