import { readFileSync } from 'node:fs';
import { createAppPushChannel } from '#channels/app_push/channel.ts';
import { type FcmSettings, fcmSettings } from '#channels/app_push/settings.ts';
import type { Channel } from '#channels/channel.ts';
import { createEmailChannel } from '#channels/email/channel.ts';
import { createSandbox } from '#channels/sandbox/channel.ts';
import { createSmsChannel } from '#channels/sms/channel.ts';
import { createTelegramChannel, type TelegramSettings } from '#channels/telegram/channel.ts';
import { createViberChannel } from '#channels/viber/channel.ts';
import { createWebPushChannel, webPushSettings } from '#channels/web_push/channel.ts';
import type { VapidKeys } from '#channels/web_push/keys.ts';
import { createWhatsappChannel, type WhatsappOptions } from '#channels/whatsapp/channel.ts';
import { Failure } from '#domain/failure.ts';
import type { ChannelName } from '#domain/journey.ts';

export interface ChannelSettings {
  /** Who sends e-mail, as an address (`createEmailChannel`). */
  emailUrl: string;
  /** An SMTP server that gets everything, of every channel; null: messages go to their providers. */
  sandboxUrl: string | null;
  /** The shop's bot, where it has one. */
  telegram: TelegramSettings | null;
  /** Of web push (VAPID); null: it is off. */
  webPush: VapidKeys | null;
  /** The JSON of a Google service account, for notifications of apps, or the path of a file with it. */
  fcmServiceAccount: string | null;
  /** Providers that write to phones, as their addresses; what they tell later comes to `publicUrl`. */
  phones: Partial<Record<'sms' | 'viber' | 'whatsapp', string | undefined>> & WhatsappOptions;
}

/** The channels that a worker sends on. */
export async function openChannels({
  emailUrl,
  sandboxUrl,
  telegram,
  webPush,
  fcmServiceAccount,
  phones,
}: ChannelSettings): Promise<Partial<Record<ChannelName, Channel>>> {
  if (sandboxUrl !== null) return createSandbox(sandboxUrl);
  return {
    email: await createEmailChannel(emailUrl),
    ...(telegram !== null && { telegram: createTelegramChannel(telegram) }),
    ...(webPush !== null && { web_push: createWebPushChannel(webPushSettings(webPush)) }),
    ...(fcmServiceAccount !== null && { app_push: createAppPushChannel(fcmOf(fcmServiceAccount)) }),
    ...phoneChannels(phones),
  };
}

function phoneChannels({ sms, viber, whatsapp, ...options }: ChannelSettings['phones']) {
  return {
    ...(sms !== undefined && { sms: createSmsChannel(sms, options) }),
    ...(viber !== undefined && { viber: createViberChannel(viber, options) }),
    ...(whatsapp !== undefined && { whatsapp: createWhatsappChannel(whatsapp, options) }),
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
