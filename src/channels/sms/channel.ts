import { type Channel, carrying, type OutgoingMessage, type SubmitResult } from '#channels/channel.ts';
import { usualTimeLimit } from '#channels/http/call.ts';
import { submitDescribed } from '#channels/http/described.ts';
import { noPhone, type Phone, phoneOf } from '#channels/phone.ts';
import type { ShortText } from '#domain/content.ts';
import { type GatewaySettings, smsSettings, takesAnswers } from './settings.ts';
import { smsBody } from './text.ts';
import { submitToTwilio } from './twilio.ts';

export interface SmsOptions {
  /** Where providers reach the gateway with what became of a message. */
  publicUrl: string;
  /** Wall milliseconds for one submission. */
  timeLimit?: number;
}

/** SMS by Twilio, or by an HTTP gateway that is described in data: `smsSettings` tells what the address may be. */
export function createSmsChannel(url: string, { publicUrl, timeLimit = usualTimeLimit }: SmsOptions): Channel {
  const settings = smsSettings(url);
  const { stopIn, sender } = settings;

  async function submit(outgoing: OutgoingMessage): Promise<SubmitResult> {
    const message = carrying(outgoing, 'text');
    const phone = phoneOf(message.to);
    if (phone === null) return noPhone;
    const body = smsBody(message, phone, { stopIn, takesAnswers: takesAnswers(sender) });
    return settings.provider === 'twilio'
      ? submitToTwilio(settings, { id: message.id, phone, body, publicUrl, timeLimit })
      : submitToGateway(settings, message, phone, body, timeLimit);
  }

  const provider = settings.provider === 'twilio' ? 'twilio' : settings.gateway.name;
  return { name: 'sms', provider, submit, close: async () => {} };
}

function submitToGateway(
  { gateway, login, password, sender }: GatewaySettings,
  { id }: OutgoingMessage<ShortText>,
  { e164, digits }: Phone,
  text: string,
  timeLimit: number,
): Promise<SubmitResult> {
  const basic = Buffer.from(`${login ?? ''}:${password ?? ''}`).toString('base64');
  const values = { phone: e164, digits, text, id, sender, login, password, basic };
  return submitDescribed(gateway, values, { id, timeLimit });
}
