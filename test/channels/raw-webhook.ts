import type { RawWebhook } from '#channels/webhook.ts';

/** A provider's webhook as the route hands it over. */
export function rawWebhook(
  raw: string | Buffer | URLSearchParams,
  headers: Record<string, string> = {},
  { url = 'https://crm.shop.example/webhooks/source', method = 'POST' } = {},
): RawWebhook {
  const body = Buffer.isBuffer(raw) ? raw : Buffer.from(raw.toString());
  return { method, url, raw: body, header: (name) => headers[name.toLowerCase()] };
}
