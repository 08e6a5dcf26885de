import type { Channel } from '#channels/channel.ts';
import { usualTimeLimit } from '#channels/http/call.ts';
import { Failure } from '#domain/failure.ts';
import { createSmtpChannel } from './smtp/channel.ts';
import { smtpSettings } from './smtp/settings.ts';

export interface EmailOptions {
  /** Wall milliseconds for one submission, all of it: well below the lease of a row that is being submitted (90 s). */
  timeLimit: number;
}

type Open = (url: URL, options: EmailOptions) => Channel | Promise<Channel>;

const smtp: Open = ({ href }, options) => createSmtpChannel(smtpSettings(href, options));

/** By the address's scheme. Clients are loaded by who uses them: each costs a worker some 20 MB. */
const providers: Readonly<Record<string, Open>> = {
  smtp,
  smtps: smtp,
  postmark: async (url, options) => (await import('./postmark/channel.ts')).createPostmarkChannel(url, options),
  sendgrid: async (url, options) => (await import('./sendgrid/channel.ts')).createSendgridChannel(url, options),
  mailgun: async (url, options) => (await import('./mailgun/channel.ts')).createMailgunChannel(url, options),
  ses: async (url, options) => (await import('./ses/channel.ts')).createSesChannel(url, options),
  resend: async (url, options) => (await import('./resend/channel.ts')).createResendChannel(url, options),
};

const help =
  'The address of who sends e-mail looks like smtp://user:password@host:587, postmark://TOKEN, sendgrid://KEY, mailgun://KEY@DOMAIN, ses://KEY_ID:SECRET@REGION or resend://KEY';

/** E-mail by whom the address says (`docs/channels.md`). Throws a Failure where it says nobody. */
export async function createEmailChannel(address: string, options: Partial<EmailOptions> = {}): Promise<Channel> {
  const url = URL.parse(address);
  const scheme = url?.protocol.slice(0, -1) ?? '';
  const open = Object.hasOwn(providers, scheme) ? providers[scheme] : undefined;
  if (!url?.hostname || open === undefined) throw new Failure(`${help}.`);
  return open(url, { timeLimit: usualTimeLimit, ...options });
}
