import { isProven, messageIn } from '#channels/http/callback.ts';
import { exactJson } from '#channels/http/exact-json.ts';
import { eventOf, reported, reportsIn } from '#channels/http/reports.ts';
import type { ProviderWebhook, RawWebhook } from '#channels/webhook.ts';
import { isRecord, type Properties } from '#domain/shapes.ts';

/** What described gateways tell at the `{callback}` that they were given for a message: JSON, a form, or more of a query, with a
 *  `status` such as `delivered` or `UNDELIV`. */
export const gatewayWebhook: ProviderWebhook = {
  check: ({ url }, secrets) => (isProven(url, 'sms', secrets) ? 'genuine' : 'wrong'),
  read(webhook) {
    const ours = messageIn(webhook.url);
    return reportsIn(bodyOf(webhook))?.flatMap((report) => eventOf(reported(report), 'sms', ours)) ?? null;
  },
};

function bodyOf({ raw, url }: RawWebhook): Properties {
  const json = exactJson(raw.toString());
  if (isRecord(json)) return json;
  return Object.fromEntries(
    raw.length > 0 ? new URLSearchParams(raw.toString()) : (URL.parse(url)?.searchParams ?? []),
  );
}
