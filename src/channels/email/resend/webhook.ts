import { bounceKind } from '#channels/email/ses/bounce.ts';
import { emailEvent, idName, instantOf, jsonOf, record, textOf, visitorBy } from '#channels/email/told.ts';
import { checkStandard, standardSecretFault } from '#channels/standard-webhooks.ts';
import type { ProviderWebhook, RawWebhook } from '#channels/webhook.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';
import { isRecord, type Properties } from '#domain/shapes.ts';

/** Resend's webhooks (https://resend.com/docs/dashboard/webhooks/introduction), signed as Standard Webhooks are, with Svix's names
 *  of headers. */
export const resendWebhook: ProviderWebhook = {
  check(webhook, secrets, wallNow) {
    const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) => headerOf(webhook, name));
    return checkStandard({ id, timestamp, signature }, webhook.raw, secrets, wallNow);
  },
  read(webhook) {
    const body = jsonOf(webhook.raw);
    if (!isRecord(body) || typeof body.type !== 'string') return null;
    return eventsOf(body, headerOf(webhook, 'id') ?? '');
  },
  secretFault: standardSecretFault,
};

function headerOf({ header }: RawWebhook, name: string): string | undefined {
  return header(`svix-${name}`) ?? header(`webhook-${name}`);
}

function eventsOf(body: Properties, key: string): ProviderEvent[] {
  const data = record(body.data);
  const to: unknown = Array.isArray(data.to) ? data.to[0] : data.to;
  const told = (kind: ProviderEvent['kind'], more: Partial<Parameters<typeof emailEvent>[0]> = {}) =>
    emailEvent({ kind, key, id: tagOf(data.tags), address: to, at: instantOf(body.created_at), ...more });
  switch (body.type) {
    case 'email.delivered':
      return [told('delivered')];
    case 'email.opened':
      return [told('opened', { by: visitorBy('opened', record(data.open).userAgent) })];
    case 'email.clicked':
      return [told('clicked', { by: visitorBy('clicked', record(data.click).userAgent) })];
    case 'email.bounced': {
      const { type = 'Permanent', subType, message } = record(data.bounce);
      const kind = bounceKind(textOf(type), textOf(subType));
      return kind === null ? [] : [told(kind, { reason: [type, subType, message] })];
    }
    case 'email.failed':
      return [told('failed', { reason: [record(data.failed).reason] })];
    case 'email.suppressed':
      return [told('failed', { reason: [record(data.suppressed).message] })];
    case 'email.complained':
      return [told('complained')];
    default:
      return [];
  }
}

/** Tags go out as a list and come back as an object. */
function tagOf(tags: unknown): unknown {
  if (!Array.isArray(tags)) return record(tags)[idName];
  return tags.map(record).find(({ name }) => name === idName)?.value;
}
