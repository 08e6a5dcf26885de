import { type Api, GrammyError, HttpError } from 'grammy/web';
import { told } from '#domain/told.ts';

/** What may be said of a failed call in logs: its errors hold the chat and the text, and the address with the bot's token. */
export function apiFault(error: unknown): string {
  if (error instanceof GrammyError) return `${error.method}: ${error.error_code}`;
  if (error instanceof HttpError) return 'no answer from Telegram';
  return told(error).message;
}

type ApiSignal = NonNullable<Parameters<Api['getUpdates']>[1]>;

/** grammY's types name a package's AbortSignal; on Node it works with the platform's. */
export function signalFor(signal: AbortSignal): ApiSignal {
  return signal as unknown as ApiSignal;
}

/** All that the bot listens to. */
export const allowedUpdates = ['message', 'callback_query', 'my_chat_member'] as const;
