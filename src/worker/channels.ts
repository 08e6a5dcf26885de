import type { Channel } from '#channels/channel.ts';
import { createEmailChannel } from '#channels/email/channel.ts';
import { smtpSettings } from '#channels/email/settings.ts';
import { createSandbox } from '#channels/sandbox/channel.ts';
import { createTelegramChannel } from '#channels/telegram/channel.ts';
import type { ChannelName } from '#domain/journey.ts';

export interface ChannelSettings {
  smtpUrl: string;
  envelopeFrom: string | null;
  /** An SMTP server that gets everything, of every channel; null: messages go to their providers. */
  sandboxUrl: string | null;
  /** Of the shop's bot. */
  telegramToken: string | null;
}

/** The channels that a worker sends on. */
export function openChannels({
  smtpUrl,
  envelopeFrom,
  sandboxUrl,
  telegramToken,
}: ChannelSettings): Partial<Record<ChannelName, Channel>> {
  if (sandboxUrl !== null) return createSandbox(sandboxUrl);
  return {
    email: createEmailChannel(smtpSettings(smtpUrl, { envelopeFrom })),
    ...(telegramToken !== null && { telegram: createTelegramChannel({ token: telegramToken }) }),
  };
}

export async function closeChannels(channels: Partial<Record<ChannelName, Channel>>): Promise<void> {
  await Promise.all(Object.values(channels).map((channel) => channel.close()));
}
