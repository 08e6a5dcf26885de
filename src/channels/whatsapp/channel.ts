import { type Channel, carrying, type OutgoingMessage, type SubmitResult } from '#channels/channel.ts';
import { call, usualTimeLimit } from '#channels/http/call.ts';
import { byStatus, refused } from '#channels/http/outcome.ts';
import { noPhone, phoneOf } from '#channels/phone.ts';
import { toWhatsapp } from './message.ts';
import { outcomeOf } from './outcome.ts';
import { whatsappSettings } from './settings.ts';

export interface WhatsappOptions {
  /** What the buttons of approved templates begin with. */
  publicUrl: string;
  /** Whether the owner of a phone (E.164) wrote to us within a day, so that we may write freely; without it nobody did. */
  windowOpen?: (phone: string) => Promise<boolean>;
  /** Wall milliseconds for one submission. */
  timeLimit?: number;
}

const nobodyWrote = async () => false;

/** WhatsApp by Meta's Cloud API. It has no idempotency key: what has no answer is unknown. */
export function createWhatsappChannel(url: string, options: WhatsappOptions): Channel {
  const { token, phoneNumberId, api } = whatsappSettings(url);
  const { publicUrl, windowOpen = nobodyWrote, timeLimit = usualTimeLimit } = options;

  async function submit(outgoing: OutgoingMessage): Promise<SubmitResult> {
    const message = carrying(outgoing, 'text');
    const phone = phoneOf(message.to);
    if (phone === null) return noPhone;
    const isOpen = await windowOpen(phone.e164);
    if (message.content.approved === null && !isOpen)
      return refused('no approved template, and the customer has not written within a day');
    const reply = await call({
      url: `${api}/${phoneNumberId}/messages`,
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(toWhatsapp(message, phone, { publicUrl, isOpen })),
      timeLimit,
    });
    return reply.got === 'none' ? byStatus(reply, '') : outcomeOf(reply);
  }

  return { name: 'whatsapp', provider: 'whatsapp', submit, close: async () => {} };
}
