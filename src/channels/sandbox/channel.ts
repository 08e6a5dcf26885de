import { createTransport, type SendMailOptions } from 'nodemailer';
import { type Channel, carrying, type OutgoingMessage, type SubmitResult } from '#channels/channel.ts';
import { messageIdHeader, messageIdOf } from '#channels/email/message.ts';
import { outcomeOf } from '#channels/email/smtp/outcome.ts';
import { smtpSettings } from '#channels/email/smtp/settings.ts';
import { channelFacts } from '#domain/channels.ts';
import { type ChannelName, channelNames } from '#domain/journey.ts';
import { headline, shown } from './shown.ts';

/** Which channel the message was meant for, and whom: the development inbox shows and finds it by them. */
export const channelHeader = 'X-Vestnik-Channel';
export const recipientHeader = 'X-Vestnik-To';

/**
 * A channel that never leaves the machine: whatever is sent becomes an e-mail to an SMTP server that delivers nothing, such as
 * the development inbox. Its envelope goes to `….sandbox.invalid`, which no mail server can deliver (RFC 2606), so that a
 * mistaken address of the server reaches no customer either.
 */
export function createSandboxChannel(name: ChannelName, smtpUrl: string): Channel {
  const { host, port, secure, auth, timeLimit } = smtpSettings(smtpUrl);
  const transport = createTransport({ pool: true, host, port, secure, ...(auth && { auth }), maxConnections: 2 });

  async function submit(message: OutgoingMessage): Promise<SubmitResult> {
    const mail = toMail(name, carrying(message, channelFacts[name].form));
    if (mail.envelope.to.length === 0) return { result: 'refused', reason: 'there is no recipient', suppress: null };
    try {
      await transport.sendMail({ ...mail, signal: AbortSignal.timeout(timeLimit) });
      return { result: 'accepted', providerId: null };
    } catch (error) {
      return outcomeOf(error, { content: 'none' });
    }
  }

  return { name, provider: 'sandbox', submit, close: async () => transport.close() };
}

/** Every channel, none of which leaves the machine. */
export function createSandbox(smtpUrl: string): Record<ChannelName, Channel> {
  const channels = channelNames.map((name) => [name, createSandboxChannel(name, smtpUrl)]);
  return Object.fromEntries(channels) as Record<ChannelName, Channel>;
}

function toMail(name: ChannelName, message: OutgoingMessage) {
  const { id, journey, template, from, to, devices, content, unsubscribeUrl } = message;
  const recipients = (devices.length > 0 ? devices.map(({ address }) => address) : [to]).filter((one) => one !== '');
  const envelope = recipients.map((recipient) => sandboxAddress(name, recipient));
  return {
    from: { name: from.name, address: from.email },
    to: envelope.map((address) => ({ name: '', address })),
    envelope: { from: from.email, to: envelope },
    subject: headline(content),
    text: shown(content),
    ...(content.form === 'letter' && { html: content.html }),
    messageId: messageIdOf(message),
    headers: {
      [messageIdHeader]: id,
      [channelHeader]: name,
      [recipientHeader]: recipients.map((recipient) => recipient.replace(/[\s,]+/g, '')).join(', '),
      'X-Vestnik-Template': `${journey}/${template}`,
      ...(unsubscribeUrl !== null && { 'List-Unsubscribe': `<${unsubscribeUrl}>` }),
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  } satisfies SendMailOptions;
}

/** A phone, a chat or a device's address as a local part (RFC 5321, 4.5.3.1.1: at most 64 octets). */
function sandboxAddress(name: ChannelName, recipient: string): string {
  const local = recipient.replace(/[^A-Za-z0-9+_-]+/g, '-').slice(-64);
  return `${local}@${name.replace('_', '-')}.sandbox.invalid`;
}
