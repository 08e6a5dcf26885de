import { type Channel, carrying, type OutgoingMessage, type SubmitResult } from '#channels/channel.ts';
import { usualTimeLimit } from '#channels/http/call.ts';
import { callbackUrl } from '#channels/http/callback.ts';
import { submitDescribed } from '#channels/http/described.ts';
import { noPhone, phoneOf } from '#channels/phone.ts';
import { type GatewaySettings, smsSettings, takesAnswers } from './settings.ts';
import { smsBody } from './text.ts';
import { type Sms, submitToTwilio } from './twilio.ts';

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
      : submitToGateway(settings, { id: message.id, phone, body, publicUrl, timeLimit });
  }

  const provider = settings.provider === 'twilio' ? 'twilio' : settings.gateway.name;
  return { name: 'sms', provider, submit, close: async () => {} };
}

function submitToGateway(
  settings: GatewaySettings,
  { id, phone, body, publicUrl, timeLimit }: Sms,
): Promise<SubmitResult> {
  const { gateway, login, password, sender, secret } = settings;
  const values = {
    ...{ phone: phone.e164, digits: phone.digits, text: body, id, sender, login, password },
    basic: Buffer.from(`${login ?? ''}:${password ?? ''}`).toString('base64'),
    callback: secret === null ? null : callbackUrl(publicUrl, 'sms', id, secret),
  };
  return submitDescribed(gateway, values, { id, timeLimit });
}
