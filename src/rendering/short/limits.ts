import type { MessageContent, Notification, ShortText } from '#domain/content.ts';
import type { ChannelName } from '#domain/journey.ts';
import { smsSize } from '#domain/sms.ts';

/** Where a channel or the device behind it cuts or refuses a text (R6). Counted in UTF-16 code units, as Telegram does and
 *  nobody counts more. */
export const limits = {
  telegram: { text: 4096, captionOfImage: 1024, button: 40 },
  sms: { segments: 2 },
  viber: { text: 1000, button: 30 },
  /** A parameter of an approved template takes no line break and no row of spaces. */
  whatsapp: { text: 1024, parameter: 1024, button: 20 },
  /** What Android and Chromium show of a notification without unfolding it. */
  push: { title: 50, body: 150 },
} as const;

/** What is too long for its channel, in words; null where everything fits. `segments`: as many an SMS may take. */
export function overLimit(content: MessageContent, channel: ChannelName, segments: number): string | null {
  if (content.form === 'push') return pushFault(content);
  if (content.form === 'letter') return null;
  switch (channel) {
    case 'sms':
      return smsFault(content, segments);
    case 'telegram':
      return (
        longer(
          'text',
          content.text,
          content.imageUrl === null ? limits.telegram.text : limits.telegram.captionOfImage,
        ) ?? longer('button', content.button?.label, limits.telegram.button)
      );
    case 'viber':
      return (
        longer('text', content.text, limits.viber.text) ?? longer('button', content.button?.label, limits.viber.button)
      );
    case 'whatsapp':
      return whatsappFault(content);
    default:
      return null;
  }
}

function smsFault({ text }: ShortText, most: number): string | null {
  const { alphabet, units, segments } = smsSize(text);
  const letters = alphabet === 'ucs2' ? ' (with letters that are not Latin)' : '';
  return segments > most
    ? `the text takes ${segments} SMS segments of ${units} characters${letters}; ${most} may be`
    : null;
}

function pushFault({ title, body }: Notification): string | null {
  return longer('title', title, limits.push.title) ?? longer('text', body, limits.push.body);
}

function whatsappFault({ text, button, approved }: ShortText): string | null {
  const { text: most, parameter, button: label } = limits.whatsapp;
  const faults = (approved?.parameters ?? []).map((one, index) => longer(`parameter ${index + 1}`, one, parameter));
  return (
    longer('text', text, most) ?? longer('button', button?.label, label) ?? faults.find((one) => one !== null) ?? null
  );
}

function longer(what: string, text: string | undefined, most: number): string | null {
  return text !== undefined && text.length > most ? `the ${what} has ${text.length} characters; ${most} may be` : null;
}
