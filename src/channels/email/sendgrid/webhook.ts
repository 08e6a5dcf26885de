import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { emailEvent, idName, jsonOf, textOf, visitorBy } from '#channels/email/told.ts';
import { isFresh } from '#channels/standard-webhooks.ts';
import type { ProviderWebhook } from '#channels/webhook.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';
import { isRecord, type Properties } from '#domain/shapes.ts';

/** SendGrid's signed event webhook (https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event). The secret is its
 *  verification key: a public one (P-256), so it is no secret, but it is kept where the others are. */
export const sendgridWebhook: ProviderWebhook = {
  check({ raw, header }, secrets, wallNow) {
    const timestamp = header('x-twilio-email-event-webhook-timestamp') ?? '';
    const signature = Buffer.from(header('x-twilio-email-event-webhook-signature') ?? '', 'base64');
    if (!/^\d{1,12}$/.test(timestamp) || signature.length === 0) return 'wrong';
    const signed = Buffer.concat([Buffer.from(timestamp), raw]);
    const isRight = secrets.some((secret) => {
      const key = keyOf(secret);
      return key !== null && verify('sha256', signed, key, signature);
    });
    if (!isRight) return 'wrong';
    return isFresh(Number(timestamp), wallNow) ? 'genuine' : 'stale';
  },
  read({ raw }) {
    const body = jsonOf(raw);
    return Array.isArray(body) ? body.filter(isRecord).flatMap(eventsOf) : null;
  },
  secretFault: (secret) =>
    keyOf(secret) === null ? 'must be the verification key that SendGrid shows (base64)' : null,
};

function keyOf(secret: string): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(secret, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ec' ? key : null;
  } catch {
    return null;
  }
}

function eventsOf(event: Properties): ProviderEvent[] {
  const { sg_event_id, timestamp, email, reason, status, response } = event;
  const seconds = Number(timestamp);
  const told = (kind: ProviderEvent['kind'], more: Partial<Parameters<typeof emailEvent>[0]> = {}) =>
    emailEvent({
      kind,
      key: textOf(sg_event_id),
      id: event[idName],
      address: email,
      at: seconds > 0 ? seconds * 1000 : null,
      reason: [status, reason ?? response],
      ...more,
    });
  switch (event.event) {
    case 'delivered':
      return [told('delivered', { reason: [] })];
    case 'open':
      // Apple's privacy proxy loads every picture.
      return [
        told('opened', { by: event.sg_machine_open === true ? 'machine' : visitorBy('opened', event.useragent) }),
      ];
    case 'click':
      return [told('clicked', { by: visitorBy('clicked', event.useragent) })];
    case 'bounce':
      // `blocked`: this message only, the address may be good.
      return [told(event.type === 'blocked' ? 'failed' : 'bounced')];
    case 'dropped':
      return dropped(textOf(reason), told);
    case 'spamreport':
      return [told('complained')];
    case 'unsubscribe':
    case 'group_unsubscribe':
      return [told('stopped')];
    default:
      return [];
  }
}

/** SendGrid did not even try, for what it knows of the address: that is news to us as well. */
function dropped(
  reason: string,
  told: (kind: ProviderEvent['kind'], more?: Partial<Parameters<typeof emailEvent>[0]>) => ProviderEvent,
): ProviderEvent[] {
  const failed = told(/^(?:Bounced Address|Invalid)/i.test(reason) ? 'bounced' : 'failed');
  const known = { 'Unsubscribed Address': 'stopped', 'Spam Reporting Address': 'complained' } as const;
  const news = Object.entries(known).find(([name]) => reason.startsWith(name));
  // About the address: this letter was neither read nor complained of.
  return news === undefined ? [failed] : [failed, told(news[1], { key: `${failed.key}:${news[1]}`, id: null })];
}
