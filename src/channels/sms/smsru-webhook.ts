import { hash } from 'node:crypto';
import { isOneOf } from '#channels/signed.ts';
import type { ProviderWebhook, RawWebhook } from '#channels/webhook.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';

/** SMS.ru's callbacks (sms.ru/api/callback): up to a hundred entries of lines, and SHA-256 of the api_id and all of them. The secret
 *  is the api_id. It goes on calling until it hears `100`. */
export const smsruWebhook: ProviderWebhook = {
  check(webhook, secrets) {
    const digests = secrets.map((secret) => hash('sha256', `${secret}${entriesOf(webhook).join('')}`, 'buffer'));
    const given = new URLSearchParams(webhook.raw.toString()).get('hash');
    return isOneOf(given, 'hex', digests) ? 'genuine' : 'wrong';
  },
  read(webhook) {
    const entries = entriesOf(webhook);
    return entries.length === 0 ? null : entries.flatMap((entry) => eventOf(entry.split('\n')));
  },
  thanks: { status: 200, contentType: 'text/plain', body: '100' },
};

function entriesOf({ raw }: RawWebhook): string[] {
  return [...new URLSearchParams(raw.toString())]
    .filter(([name]) => /^data\[\d*\]$/.test(name))
    .map(([, entry]) => entry);
}

/** 104 too late, 105 deleted by the carrier, 106 and 107 failed, 108 refused, 150 no route. */
const kinds: Readonly<Record<string, ProviderEvent['kind']>> = {
  103: 'delivered',
  104: 'failed',
  105: 'failed',
  106: 'failed',
  107: 'failed',
  108: 'failed',
  110: 'read',
  150: 'failed',
};

function eventOf([what, id, status = '', seconds]: string[]): ProviderEvent[] {
  const kind = Object.hasOwn(kinds, status) ? kinds[status] : undefined;
  if (what !== 'sms_status' || !id || kind === undefined) return [];
  const at = Number(seconds) > 0 ? Number(seconds) * 1000 : null;
  const reason = kind === 'failed' ? `SMS.ru status ${status}` : null;
  const key = `${id}:${status}`;
  return [{ kind, key, channel: 'sms', message: { providerId: id }, address: null, at, by: null, reason }];
}
