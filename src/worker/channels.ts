import type { Channel } from '#channels/channel.ts';
import { createEmailChannel } from '#channels/email/channel.ts';
import { smtpSettings } from '#channels/email/settings.ts';
import { createSandbox } from '#channels/sandbox/channel.ts';
import { createTelegramChannel, type TelegramSettings } from '#channels/telegram/channel.ts';
import type { ChannelName } from '#domain/journey.ts';

export interface ChannelSettings {
  smtpUrl: string;
  envelopeFrom: string | null;
  /** An SMTP server that gets everything, of every channel; null: messages go to their providers. */
  sandboxUrl: string | null;
  /** The shop's bot, where it has one. */
  telegram: TelegramSettings | null;
}

/** The channels that a worker sends on. */
export function openChannels({
  smtpUrl,
  envelopeFrom,
  sandboxUrl,
  telegram,
}: ChannelSettings): Partial<Record<ChannelName, Channel>> {
  if (sandboxUrl !== null) return createSandbox(sandboxUrl);
  return {
    email: createEmailChannel(smtpSettings(smtpUrl, { envelopeFrom })),
    ...(telegram !== null && { telegram: createTelegramChannel(telegram) }),
  };
}

export async function closeChannels(channels: Partial<Record<ChannelName, Channel>>): Promise<void> {
  await Promise.all(Object.values(channels).map((channel) => channel.close()));
}
