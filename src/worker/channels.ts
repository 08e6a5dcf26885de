import { readFileSync } from 'node:fs';
import { createAppPushChannel } from '#channels/app_push/channel.ts';
import { type FcmSettings, fcmSettings } from '#channels/app_push/settings.ts';
import type { Channel } from '#channels/channel.ts';
import { createEmailChannel } from '#channels/email/channel.ts';
import { smtpSettings } from '#channels/email/settings.ts';
import { createSandbox } from '#channels/sandbox/channel.ts';
import { createTelegramChannel, type TelegramSettings } from '#channels/telegram/channel.ts';
import { createWebPushChannel, webPushSettings } from '#channels/web_push/channel.ts';
import type { VapidKeys } from '#channels/web_push/keys.ts';
import { Failure } from '#domain/failure.ts';
import type { ChannelName } from '#domain/journey.ts';

export interface ChannelSettings {
  smtpUrl: string;
  envelopeFrom: string | null;
  /** An SMTP server that gets everything, of every channel; null: messages go to their providers. */
  sandboxUrl: string | null;
  /** The shop's bot, where it has one. */
  telegram: TelegramSettings | null;
  /** Of web push (VAPID); null: it is off. */
  webPush: VapidKeys | null;
  /** The JSON of a Google service account, for notifications of apps, or the path of a file with it. */
  fcmServiceAccount: string | null;
}

/** The channels that a worker sends on. */
export function openChannels({
  smtpUrl,
  envelopeFrom,
  sandboxUrl,
  telegram,
  webPush,
  fcmServiceAccount,
}: ChannelSettings): Partial<Record<ChannelName, Channel>> {
  if (sandboxUrl !== null) return createSandbox(sandboxUrl);
  return {
    email: createEmailChannel(smtpSettings(smtpUrl, { envelopeFrom })),
    ...(telegram !== null && { telegram: createTelegramChannel(telegram) }),
    ...(webPush !== null && { web_push: createWebPushChannel(webPushSettings(webPush)) }),
    ...(fcmServiceAccount !== null && { app_push: createAppPushChannel(fcmOf(fcmServiceAccount)) }),
  };
}

function fcmOf(account: string): FcmSettings {
  try {
    return fcmSettings(account.trimStart().startsWith('{') ? account : readFileSync(account, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Failure(`VESTNIK_FCM_SERVICE_ACCOUNT cannot be used: ${code ?? message}.`);
  }
}

export async function closeChannels(channels: Partial<Record<ChannelName, Channel>>): Promise<void> {
  await Promise.all(Object.values(channels).map((channel) => channel.close()));
}
