import { Api, InlineKeyboard } from 'grammy/web';
import { type Channel, carrying, type OutgoingMessage, type SubmitResult } from '#channels/channel.ts';
import type { ShortText } from '#domain/content.ts';
import { telegramLimits } from './limits.ts';
import { isAboutButton, isAboutPhoto, outcomeOf } from './outcome.ts';

export interface TelegramSettings {
  token: string;
  /** Of the Bot API, without a slash at the end; Telegram's own if left out. */
  apiRoot?: string | undefined;
  /** Wall milliseconds for one submission, all of it: well below the lease of a row that is being submitted (90 s). */
  timeLimit?: number;
}

/** Messages of a Telegram bot. `to` is the chat. The provider's id is the message's within its chat, so that the chat stands
 *  nowhere but in the address. */
export function createTelegramChannel({ token, apiRoot, timeLimit = 45_000 }: TelegramSettings): Channel {
  // A submission takes three calls at most: whole, without its photo, without its button.
  const timeoutSeconds = timeLimit / 3 / 1000;
  const api = new Api(token, { ...(apiRoot !== undefined && { apiRoot }), timeoutSeconds });

  async function submit(message: OutgoingMessage): Promise<SubmitResult> {
    const { content, to } = carrying(message, 'text');
    const { length } = content.text;
    if (length > telegramLimits.text) {
      const reason = `the text has ${length} characters, Telegram takes ${telegramLimits.text}`;
      return { result: 'refused', reason, suppress: null };
    }
    try {
      return { result: 'accepted', providerId: String(await sendAsTaken(to, content)) };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  /** A refusal of the photo or the button is no refusal of the message: it goes with what Telegram takes. */
  async function sendAsTaken(chat: string, content: ShortText): Promise<number> {
    try {
      return await send(chat, content);
    } catch (error) {
      const plainer = plainerFor(content, error);
      if (plainer === null) throw error;
      return sendAsTaken(chat, plainer);
    }
  }

  /** The id of the message. A text that is too long to stand under a photo shows it as a preview above. */
  async function send(chat: string, content: ShortText): Promise<number> {
    const { text, imageUrl } = content;
    const options = optionsOf(content);
    const html = escapeHtml(text);
    if (imageUrl !== null && text.length <= telegramLimits.caption) {
      return (await api.sendPhoto(chat, imageUrl, { ...options, caption: html })).message_id;
    }
    const preview =
      imageUrl === null ? { is_disabled: true } : { url: imageUrl, prefer_large_media: true, show_above_text: true };
    return (await api.sendMessage(chat, html, { ...options, link_preview_options: preview })).message_id;
  }

  return { name: 'telegram', provider: 'telegram', submit, close: async () => {} };
}

/** The same without what Telegram does not like of it; null where that is neither photo nor button. */
function plainerFor(content: ShortText, error: unknown): ShortText | null {
  const { text, button, imageUrl } = content;
  if (imageUrl !== null && isAboutPhoto(error)) return { ...content, imageUrl: null };
  if (button === null || !isAboutButton(error)) return null;
  const written = `${text}\n\n${button.label}: ${button.url}`;
  return { ...content, button: null, text: written.length > telegramLimits.text ? text : written };
}

function optionsOf({ button }: ShortText) {
  const keyboard = button && { reply_markup: new InlineKeyboard().url(button.label, button.url) };
  return { parse_mode: 'HTML' as const, ...keyboard };
}

/** The three characters that Telegram's HTML wants escaped, and the quote for attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => entities[sign] ?? sign);
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
