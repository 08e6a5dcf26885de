import { createHash, timingSafeEqual } from 'node:crypto';
import { exactJson } from '#channels/http/exact-json.ts';
import { said } from '#channels/http/outcome.ts';
import { e164Of } from '#channels/phone.ts';
import { hmacs, isOneOf } from '#channels/signed.ts';
import { isStopWord } from '#channels/stop-words.ts';
import type { ProviderWebhook, RawWebhook } from '#channels/webhook.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';
import { isRecord, type Properties, text } from '#domain/shapes.ts';

/** Before the token by which Meta asks, once, whether an address is ours; it goes over in an address, so it is never the app's secret. */
const verifyPrefix = 'verify:';

/** WhatsApp's webhooks, as Meta's app is subscribed to `messages` and `user_preferences`. Secrets: the app's secret, and the verify
 *  token as `verify:…`. */
export const whatsappWebhook: ProviderWebhook = {
  check(webhook, secrets) {
    if (webhook.method === 'GET') return challengeOf(webhook, secrets) === null ? 'wrong' : 'genuine';
    const given = webhook.header('x-hub-signature-256')?.replace(/^sha256=/, '');
    const keys = secrets.filter((secret) => !secret.startsWith(verifyPrefix));
    return isOneOf(given, 'hex', hmacs('sha256', keys, webhook.raw)) ? 'genuine' : 'wrong';
  },
  answer(webhook, secrets) {
    if (webhook.method !== 'GET') return null;
    return { status: 200, contentType: 'text/plain', body: challengeOf(webhook, secrets) ?? '' };
  },
  read({ raw }) {
    const body = exactJson(raw.toString());
    if (!isRecord(body) || body.object !== 'whatsapp_business_account') return null;
    const changes = records(body.entry).flatMap((entry) => records(entry.changes));
    return changes.flatMap(({ value }) => (isRecord(value) ? eventsOf(value) : []));
  },
  secretFault(secret) {
    const isFine = /^[0-9a-f]{32}$/.test(secret) || /^verify:.{8,}$/.test(secret);
    return isFine
      ? null
      : "must be the app's secret (32 hex digits), or `verify:` and the verify token, of 8 characters or more";
  },
};

/** What Meta wants to hear back, where its token is ours. Digests are compared, so that the length tells nothing. */
function challengeOf({ url }: RawWebhook, secrets: readonly string[]): string | null {
  const query = URL.parse(url)?.searchParams;
  const digest = (value: string) => createHash('sha256').update(value).digest();
  const given = digest(query?.get('hub.verify_token') ?? '');
  const hits = secrets
    .filter((secret) => secret.startsWith(verifyPrefix))
    .map((secret) => timingSafeEqual(digest(secret.slice(verifyPrefix.length)), given));
  const challenge = query?.get('hub.challenge') ?? '';
  return hits.includes(true) && query?.get('hub.mode') === 'subscribe' && /^\w{1,100}$/.test(challenge)
    ? challenge
    : null;
}

function records(value: unknown): Properties[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function eventsOf(value: Properties): ProviderEvent[] {
  return [
    ...records(value.statuses).flatMap(statusOf),
    ...records(value.messages).flatMap(answerOf),
    ...records(value.user_preferences).flatMap(preferenceOf),
    // Nobody can say whom the rest is about.
  ].filter(({ message, address }) => message !== null || address !== null);
}

const kinds: Readonly<Record<string, ProviderEvent['kind']>> = {
  delivered: 'delivered',
  read: 'read',
  failed: 'failed',
};

function statusOf(status: Properties): ProviderEvent[] {
  const [id, state] = [text(status.id), text(status.status) ?? ''];
  const kind = Object.hasOwn(kinds, state) ? kinds[state] : undefined;
  if (id === undefined || kind === undefined) return [];
  const ours = text(status.biz_opaque_callback_data);
  const [error] = records(status.errors);
  const event: ProviderEvent = {
    kind,
    key: `${id}:${state}`,
    channel: 'whatsapp',
    message: ours !== undefined && /^[0-9a-f-]{36}$/.test(ours) ? { id: ours } : { providerId: id },
    address: e164Of(text(status.recipient_id) ?? ''),
    at: wallTime(status.timestamp),
    by: null,
    reason: error ? said('WhatsApp error', error.code, error.title) : null,
  };
  return error?.code === wantsNone ? [event, { ...event, kind: 'stopped', key: `${id}:stopped` }] : [event];
}

/** The customer has switched our advertising off. */
const wantsNone = 131050;

/** Whatever it says opens the window of a day. It may be a word, or a template's quick reply of that word. `context`: the message of ours that it answers. */
function answerOf(message: Properties): ProviderEvent[] {
  const id = text(message.id);
  if (id === undefined) return [];
  const wrote = told('wrote', `${id}:wrote`, message.from, message.timestamp);
  const words = [message.text, message.button].map((one) => (isRecord(one) ? text(one.body ?? one.text) : undefined));
  if (!words.some((one) => one !== undefined && isStopWord(one))) return [wrote];
  const answered = isRecord(message.context) ? text(message.context.id) : undefined;
  return [wrote, told('stopped', id, message.from, message.timestamp, answered)];
}

/** WhatsApp's own switch "stop marketing messages". */
function preferenceOf(preference: Properties): ProviderEvent[] {
  const { wa_id, category, value, timestamp } = preference;
  if (category !== 'marketing_messages' || value !== 'stop') return [];
  return [told('stopped', `preference:${text(wa_id)}:${text(timestamp)}`, wa_id, timestamp)];
}

function told(
  kind: ProviderEvent['kind'],
  key: string,
  from: unknown,
  timestamp: unknown,
  answered?: string,
): ProviderEvent {
  return {
    kind,
    key,
    channel: 'whatsapp',
    message: answered === undefined ? null : { providerId: answered },
    address: e164Of(text(from) ?? ''),
    at: wallTime(timestamp),
    by: null,
    reason: null,
  };
}

/** Unix seconds, as text mostly. */
function wallTime(value: unknown): number | null {
  const seconds = Number(text(value));
  return seconds > 0 ? seconds * 1000 : null;
}
