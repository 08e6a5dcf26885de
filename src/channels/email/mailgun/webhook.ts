import { emailEvent, idName, jsonOf, record, textOf, visitorBy } from '#channels/email/told.ts';
import { hmacs, isOneOf } from '#channels/signed.ts';
import { isFresh } from '#channels/standard-webhooks.ts';
import type { ProviderWebhook } from '#channels/webhook.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';
import { isRecord, type Properties } from '#domain/shapes.ts';

/** Mailgun's webhooks (https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks). The secret is the HTTP webhook
 *  signing key. It signs a time and a token that stand in the body, and not what is told: that nobody changed it is TLS's to
 *  say. */
export const mailgunWebhook: ProviderWebhook = {
  check({ raw }, secrets, wallNow) {
    const { timestamp, token, signature } = record(record(jsonOf(raw)).signature);
    const [at, nonce] = [textOf(timestamp), textOf(token)];
    if (!/^\d{1,12}$/.test(at) || nonce === '') return 'wrong';
    if (!isOneOf(textOf(signature), 'hex', hmacs('sha256', secrets, at + nonce))) return 'wrong';
    return isFresh(Number(at), wallNow) ? 'genuine' : 'stale';
  },
  read({ raw }) {
    const event = record(jsonOf(raw))['event-data'];
    return isRecord(event) ? eventsOf(event) : null;
  },
};

function eventsOf(event: Properties): ProviderEvent[] {
  const { id, timestamp, recipient } = event;
  const status = record(event['delivery-status']);
  const seconds = Number(timestamp);
  const told = (kind: ProviderEvent['kind'], more: Partial<Parameters<typeof emailEvent>[0]> = {}) =>
    emailEvent({
      kind,
      // Ids are unique within a day only.
      key: `${textOf(id)}:${textOf(event.event)}:${textOf(timestamp)}`,
      id: record(event['user-variables'])[idName],
      address: recipient,
      at: seconds > 0 ? seconds * 1000 : null,
      ...more,
    });
  switch (event.event) {
    case 'delivered':
      return [told('delivered')];
    case 'opened':
    case 'clicked':
      return [told(event.event, { by: visitorOf(event.event, record(event['client-info'])) })];
    case 'failed':
      return event.severity === 'permanent' ? failed(event, status, told) : [];
    case 'rejected':
      return [told('failed', { reason: [record(event.reject).reason] })];
    case 'complained':
      return [told('complained')];
    case 'unsubscribed':
      return [told('stopped')];
    default:
      return [];
  }
}

/** `bot`: Mailgun knows Apple's proxy and scanners; Google's proxy loads a picture when a person looks. */
function visitorOf(kind: 'opened' | 'clicked', client: Properties) {
  if (client.bot === 'apple' || client.bot === 'generic' || client['client-type'] === 'robot') return 'machine';
  return visitorBy(kind, client['user-agent']);
}

/** Why it was given up. `suppress-…`: Mailgun did not even try, for what it knows of the address: that is news to us as well. */
function failed(
  event: Properties,
  status: Properties,
  told: (kind: ProviderEvent['kind'], more?: Partial<Parameters<typeof emailEvent>[0]>) => ProviderEvent,
): ProviderEvent[] {
  const why = { reason: [status.code, status.message || status.description || event.reason] };
  const isHard = event.reason === 'bounce' && status['bounce-type'] !== 'soft';
  const one = told(isHard || event.reason === 'suppress-bounce' ? 'bounced' : 'failed', why);
  const known = { 'suppress-unsubscribe': 'stopped', 'suppress-complaint': 'complained' } as const;
  const news = Object.entries(known).find(([name]) => name === event.reason);
  return news === undefined ? [one] : [one, told(news[1], { key: `${one.key}:${news[1]}`, id: null })];
}
