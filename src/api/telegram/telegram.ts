import type { Update, UserFromGetMe } from 'grammy/types';
import { Api, Bot, BotError } from 'grammy/web';
import type pg from 'pg';
import { Problem } from '#api/problems.ts';
import { lockBot } from '#db/telegram.ts';
import { locales } from '#domain/shop.ts';
import { allowedUpdates, apiFault, signalFor } from './api.ts';
import { type BotDeps, BotTalk } from './bot.ts';
import { linkLivesMs, linkToken } from './link-token.ts';
import { backingOff, poll } from './polling.ts';
import { actions, botWords } from './words.ts';

export interface TelegramOptions {
  token: string;
  /** What Telegram proves its webhooks by; without one the route is closed. */
  secret: string | null;
  mode: 'webhook' | 'polling';
  /** Of the Bot API, without a slash at the end; Telegram's own if left out. */
  apiRoot?: string | undefined;
}

/** The bot, as the gateway's routes see it. */
export interface Telegram {
  /** Null: no webhooks are taken. */
  readonly webhookSecret: string | null;
  /** Resolves when what the update changes is committed and answered. */
  handle(update: Update): Promise<void>;
  /** Where the customer presses Start, and until when (wall time). Throws a Problem while Telegram cannot be reached. */
  link(customerId: string): Promise<{ url: string; expiresAt: Date }>;
}

export interface RunningTelegram extends Telegram {
  /** Has Telegram tell of updates, or begins to fetch them; what fails is tried again behind the scenes. */
  start(): void;
  close(): Promise<void>;
}

/** Wall seconds for one call: while it lasts, a webhook waits. */
const timeoutSeconds = 10;
/** Longer than Telegram keeps a request for updates. */
const pollTimeoutSeconds = 40;

/** The bot of a shop on Telegram. */
export function createTelegram(
  deps: BotDeps & { pool: pg.Pool; publicUrl: string },
  { token, secret, mode, apiRoot }: TelegramOptions,
): RunningTelegram {
  const client = apiRoot === undefined ? {} : { apiRoot };
  const bot = new Bot(token, { client: { ...client, timeoutSeconds } });
  const id = token.split(':')[0] ?? '';
  new BotTalk(deps, id).on(bot);
  const stopping = new AbortController();
  const signal = signalFor(stopping.signal);
  let running: Promise<void> | null = null;

  async function me(): Promise<UserFromGetMe> {
    if (!bot.isInited()) {
      bot.botInfo = await bot.api.getMe(signal).catch((error: unknown) => {
        deps.log.warn({ fault: apiFault(error) }, 'Telegram does not say who the bot is');
        throw new Problem('telegram_unreachable', { headers: { 'Retry-After': '10' } });
      });
    }
    return bot.botInfo;
  }

  const telegram: Telegram = {
    webhookSecret: mode === 'webhook' ? secret : null,
    async handle(update) {
      await me();
      await bot.handleUpdate(update).catch((error: unknown) => {
        throw error instanceof BotError ? error.error : error;
      });
    },
    async link(customerId) {
      const { username } = await me();
      const expiresAt = Date.now() + linkLivesMs;
      const start = linkToken(deps.secret, customerId, expiresAt);
      return { url: `https://t.me/${username}?start=${start}`, expiresAt: new Date(expiresAt) };
    },
  };

  async function announce(): Promise<void> {
    await me();
    if (telegram.webhookSecret !== null) {
      const url = `${deps.publicUrl}/webhooks/telegram`;
      await bot.api.setWebhook(url, { secret_token: telegram.webhookSecret, allowed_updates: allowedUpdates }, signal);
    }
    for (const locale of locales) await bot.api.setMyCommands(commandsIn(locale), languageOf(locale), signal);
  }

  async function run(): Promise<void> {
    const backoff = backingOff(stopping.signal);
    while (!stopping.signal.aborted) {
      try {
        await announce();
        break;
      } catch (error) {
        deps.log.warn({ fault: apiFault(error) }, 'the Telegram bot could not be set up; trying again');
        await backoff.wait();
      }
    }
    if (mode === 'webhook') return;
    const api = new Api(token, { ...client, timeoutSeconds: pollTimeoutSeconds });
    const lock = () => lockBot(deps.pool, id);
    await poll({ api, lock, handle: telegram.handle, log: deps.log, stopping: stopping.signal });
  }

  return {
    ...telegram,
    start() {
      if (mode === 'webhook' && secret === null)
        deps.log.error('The Telegram bot hears nothing: set VESTNIK_TELEGRAM_SECRET, or VESTNIK_TELEGRAM_MODE=polling');
      running ??= run();
    },
    async close() {
      stopping.abort();
      await running;
    },
  };
}

function commandsIn(locale: keyof typeof botWords) {
  const { commands } = botWords[locale];
  return (['start', ...actions] as const).map((command) => ({ command, description: commands[command] }));
}

/** English is what everybody sees whose language has no list of its own. */
function languageOf(locale: keyof typeof botWords) {
  return locale === 'en' ? {} : { language_code: locale };
}
