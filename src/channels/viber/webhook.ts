import { exactJson } from '#channels/http/exact-json.ts';
import { said } from '#channels/http/outcome.ts';
import { e164Of } from '#channels/phone.ts';
import { hmacs, isOneOf } from '#channels/signed.ts';
import { isStopWord } from '#channels/stop-words.ts';
import type { ProviderWebhook } from '#channels/webhook.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';
import { isRecord, type Properties, text } from '#domain/shapes.ts';
import { messageIn, provenMessage } from './callback.ts';

/**
 * What Viber and its partners tell. Proved by `X-Viber-Content-Signature` (HMAC-SHA256 of the body under the auth token, as Viber
 * itself and those who pass its callbacks on send it), or by an address that we gave out for one message; then it is about that
 * message, whatever the body says.
 */
export const viberWebhook: ProviderWebhook = {
  check({ raw, url, header }, secrets) {
    const isSigned = isOneOf(header('x-viber-content-signature'), 'hex', hmacs('sha256', secrets, raw));
    return isSigned || provenMessage(url, secrets) !== null ? 'genuine' : 'wrong';
  },
  read({ raw, url }) {
    const body = exactJson(raw.toString());
    if (!isRecord(body)) return null;
    const ours = messageIn(url);
    if (typeof body.event === 'string') return known(viberEvent(body, body.event), ours);
    const reports = reportsOf(body);
    return reports?.flatMap((report) => known(reported(report), ours)) ?? null;
  },
  // Viber takes what a started conversation is answered with for a welcome message.
  thanks: { status: 200, contentType: 'text/plain', body: '' },
};

/** A list of them, or one alone. */
function reportsOf(body: Properties): Properties[] | null {
  if (Array.isArray(body.results)) return body.results.filter(isRecord);
  return wordOf(body) !== undefined || isRecord(body.message) ? [body] : null;
}

type Told = Pick<ProviderEvent, 'kind' | 'message' | 'address' | 'at' | 'reason'> & { id: string | undefined };

/** With all that an event has; none where nobody can say whom it is about. */
function known(told: Told | null, ours: string | null): ProviderEvent[] {
  if (told === null) return [];
  const { kind, id, at, reason } = told;
  const message = ours === null ? told.message : { id: ours };
  const address = ours === null ? told.address : null;
  if (message === null && address === null) return [];
  return [{ kind, key: `${id ?? ours}:${kind}`, channel: 'viber', message, address, at, by: null, reason }];
}

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
  const kind = Object.hasOwn(words, event) ? words[event] : undefined;
  if (kind === undefined || id === undefined) return null;
  return {
    kind,
    id,
    message: { providerId: id },
    address,
    at,
    reason: kind === 'failed' ? said('Viber:', body.desc) : null,
  };
}

/** What partners call it. Sent, pending and the like tell nothing. */
const words: Readonly<Record<string, ProviderEvent['kind']>> = {
  delivered: 'delivered',
  seen: 'read',
  read: 'read',
  viewed: 'read',
  failed: 'failed',
  undelivered: 'failed',
  undeliverable: 'failed',
  not_delivered: 'failed',
  rejected: 'failed',
  expired: 'failed',
  error: 'failed',
};

/** A partner's report of one message, or an answer to one. Infobip's has `status.groupName`, `seenAt` or `message.text`. */
function reported(report: Properties): Told | null {
  const id = text(report.messageId ?? report.message_id ?? report.requestId ?? report.id);
  const answer = isRecord(report.message) ? text(report.message.text) : undefined;
  if (answer !== undefined && isStopWord(answer)) {
    const address = e164Of(text(report.sender ?? report.from ?? report.phone) ?? '');
    return { kind: 'stopped', id, message: null, address, at: timeOf(report.receivedAt), reason: null };
  }
  const word = wordOf(report)?.toLowerCase() ?? '';
  const kind = Object.hasOwn(words, word) ? words[word] : undefined;
  if (kind === undefined || id === undefined) return null;
  const address = e164Of(text(report.to ?? report.phone ?? report.msisdn) ?? '');
  const at = timeOf(report.seenAt ?? report.doneAt);
  return { kind, id, message: { providerId: id }, address, at, reason: kind === 'failed' ? reasonOf(report) : null };
}

function wordOf({ status, state, seenAt }: Properties): string | undefined {
  if (typeof seenAt === 'string') return 'seen';
  if (isRecord(status)) return text(status.groupName ?? status.state ?? status.name);
  return text(status ?? state);
}

function reasonOf({ status, error, code }: Properties): string {
  const why = [status, error].filter(isRecord).flatMap(({ name, description }) => [name, description]);
  return said('Viber:', ...why, code);
}

function timeOf(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}
