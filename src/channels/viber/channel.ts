import { type Channel, carrying, type OutgoingMessage, type SubmitResult } from '#channels/channel.ts';
import { usualTimeLimit } from '#channels/http/call.ts';
import { callbackUrl } from '#channels/http/callback.ts';
import { submitDescribed } from '#channels/http/described.ts';
import type { Values } from '#channels/http/description.ts';
import { noPhone, type Phone, phoneOf } from '#channels/phone.ts';
import type { ShortText } from '#domain/content.ts';
import { type ViberSettings, viberSettings } from './settings.ts';

export interface ViberOptions {
  /** Where partners reach the gateway with what became of a message. */
  publicUrl: string;
  /** Wall milliseconds for one submission. */
  timeLimit?: number;
}

/** Viber Business Messages, written to a phone by the HTTP API of a partner that is described in data. */
export function createViberChannel(url: string, { publicUrl, timeLimit = usualTimeLimit }: ViberOptions): Channel {
  const settings = viberSettings(url);

  async function submit(outgoing: OutgoingMessage): Promise<SubmitResult> {
    const message = carrying(outgoing, 'text');
    const phone = phoneOf(message.to);
    if (phone === null) return noPhone;
    const values = valuesOf(settings, message, phone, publicUrl);
    return submitDescribed(settings.partner, values, { id: message.id, timeLimit });
  }

  // Whoever the partner is, what it tells comes to /webhooks/viber.
  return { name: 'viber', provider: 'viber', submit, close: async () => {} };
}

function valuesOf(
  { login, password, sender, secret, ttl }: ViberSettings,
  { id, kind: aim, content }: OutgoingMessage<ShortText>,
  { e164, digits }: Phone,
  publicUrl: string,
): Values {
  const { text, button, imageUrl } = content;
  const kind = imageUrl === null ? 'text' : 'image';
  const label = aim === 'marketing' ? 'promotional' : 'transactional';
  return {
    ...{ id, phone: e164, digits, text, sender, login, password, ttl },
    basic: Buffer.from(`${login ?? ''}:${password ?? ''}`).toString('base64'),
    button: button?.url ?? null,
    label: button?.label ?? null,
    image: imageUrl,
    callback: secret === null ? null : callbackUrl(publicUrl, 'viber', id, secret),
    kind,
    KIND: kind.toUpperCase(),
    class: label,
    CLASS: label.toUpperCase(),
  };
}
