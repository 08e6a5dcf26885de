import { e164Of } from '#channels/phone.ts';
import { isStopWord } from '#channels/stop-words.ts';
import type { ChannelName } from '#domain/journey.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';
import { isRecord, type Properties, text } from '#domain/shapes.ts';
import { said } from './outcome.ts';

/** What a report says; `id`: the provider's, of the message or of the report. */
export type Told = Pick<ProviderEvent, 'kind' | 'message' | 'address' | 'at' | 'reason'> & { id: string | undefined };

/** As an event. What came to the address of one message (`ours`) is about that message, whatever it says; what names nobody is left
 *  out. */
export function eventOf(told: Told | null, channel: ChannelName, ours: string | null): ProviderEvent[] {
  if (told === null) return [];
  const { kind, id, at, reason } = told;
  const message = ours === null ? told.message : { id: ours };
  const address = ours === null ? told.address : null;
  if (message === null && address === null) return [];
  return [{ kind, key: `${id ?? ours}:${kind}`, channel, message, address, at, by: null, reason }];
}

/** What providers call it, in small letters; the short ones are SMPP's. Sent, pending and the like tell nothing. */
const words: Readonly<Record<string, ProviderEvent['kind']>> = {
  delivered: 'delivered',
  delivrd: 'delivered',
  seen: 'read',
  read: 'read',
  viewed: 'read',
  failed: 'failed',
  undelivered: 'failed',
  undeliverable: 'failed',
  undeliv: 'failed',
  not_delivered: 'failed',
  rejected: 'failed',
  rejectd: 'failed',
  expired: 'failed',
  deleted: 'failed',
  error: 'failed',
};

export function kindOf(word: string | undefined): ProviderEvent['kind'] | null {
  const known = word?.toLowerCase() ?? '';
  return Object.hasOwn(words, known) ? (words[known] ?? null) : null;
}

/** A list of reports, or one alone; null where it is neither. */
export function reportsIn(body: Properties): Properties[] | null {
  if (Array.isArray(body.results)) return body.results.filter(isRecord);
  return wordIn(body) !== undefined || isRecord(body.message) ? [body] : null;
}

/** A provider's report of one message, or an answer to one. Infobip's has `status.groupName`, `seenAt` or `message.text`. */
export function reported(report: Properties): Told | null {
  const id = text(report.messageId ?? report.message_id ?? report.requestId ?? report.id);
  const answer = isRecord(report.message) ? text(report.message.text) : undefined;
  if (answer !== undefined && isStopWord(answer)) {
    const address = e164Of(text(report.sender ?? report.from ?? report.phone) ?? '');
    return { kind: 'stopped', id, message: null, address, at: timeOf(report.receivedAt), reason: null };
  }
  const kind = kindOf(wordIn(report));
  if (kind === null) return null;
  const address = e164Of(text(report.to ?? report.phone ?? report.msisdn) ?? '');
  const at = timeOf(report.seenAt ?? report.doneAt);
  const message = id === undefined ? null : { providerId: id };
  return { kind, id, message, address, at, reason: kind === 'failed' ? reasonOf(report) : null };
}

function wordIn({ status, state, seenAt }: Properties): string | undefined {
  if (typeof seenAt === 'string') return 'seen';
  if (isRecord(status)) return text(status.groupName ?? status.state ?? status.name);
  return text(status ?? state);
}

function reasonOf({ status, state, error, code }: Properties): string {
  const why = [status, error].filter(isRecord).flatMap(({ name, description }) => [name, description]);
  return said('the provider reports', text(status ?? state), ...why, code);
}

function timeOf(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}
