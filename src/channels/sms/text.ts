import type { OutgoingMessage } from '#channels/channel.ts';
import type { Phone } from '#channels/phone.ts';
import type { ShortText } from '#domain/content.ts';
import type { Locale } from '#domain/shop.ts';

/** Where advertising must say how to stop it. Countries as ISO 3166 codes; `*` is everywhere. */
export type StopIn = ReadonlySet<string>;

/** The US and Canada ask for it (CTIA Messaging Principles, 5.2; CASL). */
export const usualStopIn: StopIn = new Set(['US', 'CA']);

const replyTo: Record<Locale, string> = { en: 'Reply STOP to opt out', ru: 'Чтобы отписаться, ответьте СТОП' };
const follow: Record<Locale, string> = { en: 'Opt out:', ru: 'Отписаться:' };

/** What goes into the air: an SMS has no button, so its address stands in the text. `takesAnswers`: the sender is a number. */
export function smsBody(
  message: OutgoingMessage<ShortText>,
  phone: Phone,
  { stopIn, takesAnswers }: { stopIn: StopIn; takesAnswers: boolean },
): string {
  const { content, unsubscribeUrl, locale } = message;
  const { text, button } = content;
  const lines = [text.trimEnd()];
  if (button !== null && !text.includes(button.url)) lines.push(button.url);
  const isAsked = stopIn.has('*') || (phone.country !== null && stopIn.has(phone.country));
  // Service messages have nothing to stop.
  if (unsubscribeUrl !== null && isAsked && !saysHow(text, unsubscribeUrl))
    lines.push(takesAnswers ? replyTo[locale] : `${follow[locale]} ${unsubscribeUrl}`);
  return lines.join('\n');
}

function saysHow(text: string, unsubscribeUrl: string): boolean {
  return text.includes(unsubscribeUrl) || /(?<!\p{L})(?:STOP|СТОП)(?!\p{L})/u.test(text);
}
