import { hash } from 'node:crypto';
import { e164Of } from '#channels/phone.ts';
import { isOneOf } from '#channels/signed.ts';
import type { ProviderWebhook, RawWebhook } from '#channels/webhook.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';

/** SMSC's calls about statuses (smsc.ru/api/http/miscellaneous/callback). The secret is the word set in the account's
 *  settings: SMSC sends hashes of `id:phone:status:word`. */
export const smscWebhook: ProviderWebhook = {
  check(webhook, secrets) {
    const params = paramsOf(webhook);
    const signed = secrets.map((secret) =>
      [...['id', 'phone', 'status'].map((name) => params.get(name)), secret].join(':'),
    );
    const verdicts = (['sha1', 'md5'] as const)
      .filter((algorithm) => params.has(algorithm))
      .map((algorithm) =>
        isOneOf(
          params.get(algorithm),
          'hex',
          signed.map((one) => hash(algorithm, one, 'buffer')),
        ),
      );
    return verdicts.length > 0 && verdicts.every(Boolean) ? 'genuine' : 'wrong';
  },
  read(webhook) {
    const params = paramsOf(webhook);
    const [id, status] = [params.get('id'), params.get('status')];
    if (!id || !status) return null;
    const kind = kindOf(status, params.get('err') ?? '0');
    if (kind === null) return [];
    const seconds = Number(params.get('ts'));
    return [
      {
        kind,
        key: `${id}:${status}`,
        channel: 'sms',
        message: { providerId: id },
        address: e164Of(params.get('phone') ?? ''),
        at: seconds > 0 ? seconds * 1000 : null,
        by: kind === 'clicked' ? 'unknown' : null,
        reason: kind === 'delivered' ? null : `SMSC status ${status}, error ${params.get('err') ?? 'none'}`,
      },
    ];
  },
};

/** By POST or GET, as the account is set. */
function paramsOf({ raw, url }: RawWebhook): URLSearchParams {
  return raw.length > 0 ? new URLSearchParams(raw.toString()) : (URL.parse(url)?.searchParams ?? new URLSearchParams());
}

/** Statuses: 1 delivered, 2 read, 3 expired, 4 link followed, 20 and above not deliverable, of which 22 is a wrong number.
 *  Errors: 1 no such subscriber, 249 wrong format of the number. Below 1 it is on its way. */
function kindOf(status: string, error: string): ProviderEvent['kind'] | null {
  const known: Readonly<Record<string, ProviderEvent['kind']>> = {
    1: 'delivered',
    2: 'read',
    3: 'failed',
    4: 'clicked',
    22: 'bounced',
  };
  if (Object.hasOwn(known, status)) return known[status] ?? null;
  if (!(Number(status) >= 20)) return null;
  return error === '1' || error === '249' ? 'bounced' : 'failed';
}
