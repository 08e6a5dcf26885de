import { createHash, timingSafeEqual } from 'node:crypto';
import { emailEvent, idName, instantOf, jsonOf, record, textOf, visitorBy } from '#channels/email/told.ts';
import type { ProviderWebhook, RawWebhook } from '#channels/webhook.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';
import { isRecord, type Properties } from '#domain/shapes.ts';

/** Postmark's webhooks (https://postmarkapp.com/developer/webhooks/webhooks-overview): one event a POST, not signed. The secret
 *  stands in the address that Postmark is given: `https://user:secret@…`, or `?token=secret`. */
export const postmarkWebhook: ProviderWebhook = {
  check(webhook, secrets) {
    const given = credentials(webhook).map(digest);
    const hits = secrets.flatMap((secret) => given.map((one) => timingSafeEqual(one, digest(secret))));
    return hits.includes(true) ? 'genuine' : 'wrong';
  },
  read({ raw }) {
    const body = jsonOf(raw);
    if (!isRecord(body) || typeof body.RecordType !== 'string') return null;
    const { RecordType: type } = body;
    const event = Object.hasOwn(readers, type) ? readers[type]?.(body) : null;
    return event ? [event] : [];
  },
};

/** Of equal length, so that comparing takes as long whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The secret may be the password alone or `user:password`. */
function credentials({ url, header }: RawWebhook): string[] {
  const basic = /^Basic\s+(\S+)$/i.exec(header('authorization') ?? '')?.[1];
  const both = basic === undefined ? null : Buffer.from(basic, 'base64').toString('utf8');
  const token = URL.parse(url)?.searchParams.get('token') ?? null;
  return [both, both === null ? null : both.slice(both.indexOf(':') + 1), token].filter((one) => one !== null);
}

const readers: Readonly<Record<string, (body: Properties) => ProviderEvent | null>> = {
  Delivery: (body) => about('delivered', body, textOf(body.MessageID), body.DeliveredAt, { reason: [] }),
  Open: (body) => about('opened', body, visitKey(body), body.ReceivedAt, { by: visitorBy('opened', body.UserAgent) }),
  Click: (body) =>
    about('clicked', body, visitKey(body), body.ReceivedAt, { by: visitorBy('clicked', body.UserAgent) }),
  Bounce: bounce,
  SpamComplaint: (body) => about('complained', body, textOf(body.ID), body.BouncedAt),
  SubscriptionChange: subscription,
};

function about(
  kind: ProviderEvent['kind'],
  body: Properties,
  key: string,
  at: unknown,
  more: Partial<Parameters<typeof emailEvent>[0]> = {},
): ProviderEvent {
  const id = record(body.Metadata)[idName];
  const address = body.Recipient ?? body.Email;
  return emailEvent({ kind, key: `${textOf(body.RecordType)}:${key}`, id, address, at: instantOf(at), ...more });
}

function visitKey({ MessageID, ReceivedAt, OriginalLink }: Properties): string {
  return `${textOf(MessageID)}:${textOf(ReceivedAt)}:${digest(textOf(OriginalLink)).toString('hex', 0, 8)}`;
}

/** https://postmarkapp.com/developer/api/bounce-api#bounce-types. What Postmark still tries (`Transient`) or what is an answer by
 *  itself (`AutoResponder`) is left out. */
const bounces: Readonly<Record<string, ProviderEvent['kind']>> = {
  HardBounce: 'bounced',
  BadEmailAddress: 'bounced',
  SpamComplaint: 'complained',
  Unsubscribe: 'stopped',
  SoftBounce: 'failed',
  DnsError: 'failed',
  SpamNotification: 'failed',
  VirusNotification: 'failed',
  Blocked: 'failed',
  DMARCPolicy: 'failed',
  SMTPApiError: 'failed',
  ManuallyDeactivated: 'failed',
  TemplateRenderingFailed: 'failed',
  Unknown: 'failed',
};

function bounce(body: Properties): ProviderEvent | null {
  const type = textOf(body.Type);
  const kind = Object.hasOwn(bounces, type) ? bounces[type] : undefined;
  if (kind === undefined) return null;
  return about(kind, body, textOf(body.ID), body.BouncedAt, { reason: [type, body.Details] });
}

const changes: Readonly<Record<string, ProviderEvent['kind']>> = {
  HardBounce: 'bounced',
  SpamComplaint: 'complained',
  ManualSuppression: 'stopped',
};

/** An address that Postmark takes again is not one that its owner gave to us again. */
function subscription(body: Properties): ProviderEvent | null {
  const reason = textOf(body.SuppressionReason);
  const kind = Object.hasOwn(changes, reason) ? changes[reason] : undefined;
  if (body.SuppressSending !== true || kind === undefined) return null;
  const key = `${textOf(body.MessageID)}:${textOf(body.Recipient)}:${textOf(body.ChangedAt)}`;
  return about(kind, body, digest(key).toString('hex'), body.ChangedAt, { reason: [reason] });
}
