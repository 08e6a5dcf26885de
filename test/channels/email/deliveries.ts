import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { ProviderWebhook, RawWebhook } from '#channels/webhook.ts';

/** A delivery of a provider, as the gateway hands it to its parser. */
export function delivery(
  body: unknown,
  headers: Record<string, string> = {},
  url = 'https://crm.example.com/webhooks/provider',
): RawWebhook {
  const raw = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { method: 'POST', url, raw, header: (name) => headers[name.toLowerCase()] };
}

/** `kind`s of what a provider's body tells. */
export function kindsOf(webhook: ProviderWebhook, body: unknown, headers?: Record<string, string>) {
  return webhook.read(delivery(body, headers))?.map(({ kind }) => kind) ?? null;
}

export const epochSeconds = () => Math.floor(Date.now() / 1000);

/** Mailgun's body: the signature is part of it. */
export function mailgunBody(event: object, key: string, timestamp = String(epochSeconds())) {
  const token = 'a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0';
  const signature = createHmac('sha256', key)
    .update(timestamp + token)
    .digest('hex');
  return { signature: { timestamp, token, signature }, 'event-data': event };
}

/** Headers of Standard Webhooks under Svix's names. */
export function svixHeaders(text: string, secret: string, id = 'msg_1', timestamp = epochSeconds()) {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest('base64');
  return { 'svix-id': id, 'svix-timestamp': String(timestamp), 'svix-signature': `v1,${signature}` };
}

/** A pair as SendGrid makes it: the public key is shown in base64 (DER). */
export function sendgridKeys(): { verificationKey: string; privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return { verificationKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'), privateKey };
}

export function sendgridHeaders(text: string, privateKey: KeyObject, timestamp = String(epochSeconds())) {
  return {
    'x-twilio-email-event-webhook-timestamp': timestamp,
    'x-twilio-email-event-webhook-signature': sign('sha256', Buffer.from(timestamp + text), privateKey).toString(
      'base64',
    ),
  };
}
