import { type Bot, type Context, type InlineKeyboard, Keyboard } from 'grammy/web';
import type { ApiDeps } from '#api/deps.ts';
import { escapeHtml } from '#channels/telegram/channel.ts';
import { resolveCustomer } from '#db/customers.ts';
import { RefusedEvents } from '#db/intake.ts';
import { awaitedItems } from '#db/queue/awaited.ts';
import { recommend } from '#db/recommend/recommend.ts';
import {
  botSource,
  type ChatOwner,
  type ChatWord,
  chatOwner,
  finishUpdate,
  isHandled,
  promotions,
  whoIs,
} from '#db/telegram.ts';
import { hiddenAt } from '#domain/early-access.ts';
import type { Event } from '#domain/events.ts';
import { defaultShop, type Locale, localeOf, type ShopSettings } from '#domain/shop.ts';
import { told } from '#domain/told.ts';
import { apiFault } from './api.ts';
import { eventOf, happened, queueEventOf, type Word } from './events.ts';
import { readLinkToken } from './link-token.ts';
import { goodsList, listed, queueList } from './lists.ts';
import { type QueueButton, queueButtons, readQueueButton } from './queue-buttons.ts';
import { type Action, actionOf, actions, botWords, consentText } from './words.ts';

export type BotDeps = Pick<ApiDeps, 'db' | 'clock' | 'intake' | 'log' | 'secret' | 'shop'>;

/** The bot's novelties: the same for all who may see the same. */
const latest = { from: ['novelties'], count: listed, filters: { notBought: false }, seed: '' } as const;

/** What the bot says back, in Telegram's HTML, and what the update says of the chat. */
interface Answer {
  html: string;
  word?: ChatWord;
  /** Below the answer; else the menu is. */
  buttons?: InlineKeyboard;
}

/**
 * The bot as people meet it: start, stop, promotions, novelties, "my queue", in private chats only. An update is done in this
 * order: what it changes is committed, it is noted as done, then it is answered. So a repeat changes nothing and is not answered
 * again, and what an answer says holds already. `bot`: the bot's id.
 */
export class BotTalk {
  readonly #deps: BotDeps;
  readonly #bot: string;
  #source: Promise<string> | null = null;

  constructor(deps: BotDeps, bot: string) {
    this.#deps = deps;
    this.#bot = bot;
  }

  /** Puts the handlers on grammY's bot. */
  on(bot: Bot): void {
    const { db } = this.#deps;
    bot.use(async (ctx, next) => {
      if (!(await isHandled(db, this.#bot, ctx.update.update_id))) await next();
    });
    const people = bot.chatType('private');
    people.on('my_chat_member', (ctx) => this.#membership(ctx));
    people.command('start', async (ctx) => this.#answer(ctx, await this.#start(ctx, ctx.match.trim())));
    for (const action of actions) people.command(action, async (ctx) => this.#answer(ctx, await this.#do(ctx, action)));
    people.on('callback_query:data', async (ctx) => {
      const button = readQueueButton(ctx.callbackQuery.data);
      if (button !== null) await this.#answer(ctx, await this.#press(ctx, button));
      // Until it is answered the button shows that something goes on.
      await ctx.answerCallbackQuery().catch(() => {});
    });
    people.on('message', async (ctx) => {
      const action = actionOf(ctx.message.text ?? '');
      await this.#answer(ctx, action ? await this.#do(ctx, action) : { html: botWords[this.#locale(ctx)].help });
    });
  }

  #shop(): ShopSettings {
    return this.#deps.shop?.() ?? defaultShop;
  }

  #locale(ctx: Context): Locale {
    return localeOf(ctx.from?.language_code ?? null, this.#shop());
  }

  async #do(ctx: Context, action: Action): Promise<Answer> {
    if (action === 'stop') return this.#stop(ctx);
    const owner = await chatOwner(this.#deps.db, chatOf(ctx));
    if (action === 'queue') return this.#queue(owner, this.#locale(ctx));
    return { html: await this.#list(action, owner, this.#locale(ctx)) };
  }

  async #queue(owner: ChatOwner | null, locale: Locale): Promise<Answer> {
    const words = botWords[locale];
    const known = owner === null ? [] : await awaitedItems(this.#deps.db, owner.customerId, listed);
    const items = known.filter(({ position }) => position !== null);
    if (items.length === 0) return { html: words.noQueue };
    const { zone } = this.#shop();
    return { html: queueList(words, items, { locale, zone }), buttons: queueButtons('leave', items, words) };
  }

  /** Joins or leaves as any event does; then shows what holds. A button of long ago may be about what is not known any more. */
  async #press(ctx: Context, { what, isOf }: QueueButton): Promise<Answer> {
    const { db, clock } = this.#deps;
    const locale = this.#locale(ctx);
    const owner = await chatOwner(db, chatOf(ctx));
    const known = owner === null ? [] : await awaitedItems(db, owner.customerId, mostKnown);
    const item = known.find((one) => isOf(one.item));
    if (item === undefined) return this.#queue(owner, locale);
    const said = what === 'join' ? ('joined' as const) : ('left' as const);
    const messageId = `telegram-${this.#bot}-${ctx.update.update_id}`;
    await this.#submit(queueEventOf({ what: said, chat: chatOf(ctx), item: item.item, messageId }, clock));
    if (what === 'join') return this.#queue(owner, locale);
    const words = botWords[locale];
    return { html: words.left(escapeHtml(item.name ?? item.item)), buttons: queueButtons('join', [item], words) };
  }

  async #list(action: Exclude<Action, 'stop' | 'queue'>, owner: ChatOwner | null, locale: Locale): Promise<string> {
    const { db, clock } = this.#deps;
    const words = botWords[locale];
    const shop = this.#shop();
    const [customerId, region] = [owner?.customerId ?? null, owner?.region ?? null];
    const goods =
      action === 'promotions'
        ? await promotions(db, { customerId, region }, hiddenAt(clock.now(), shop.earlyAccess, shop.zone), listed)
        : await recommend(db, { customerId, region, shop, at: clock.now() }, latest);
    if (goods.length > 0) return goodsList(words[action], goods, locale);
    return action === 'promotions' ? words.noPromotions : words.noNovelties;
  }

  /** Starting the bot is the consent that the greeting speaks of; by a link it also says whose the chat is. */
  async #start(ctx: Context, token: string): Promise<Answer> {
    const { db, clock, secret } = this.#deps;
    const chat = chatOf(ctx);
    const linked = readLinkToken(secret, token, Date.now());
    const named = linked === null ? null : await whoIs(db, linked);
    const isNew = named === null && (await chatOwner(db, chat)) === null;
    const at = happened(clock, ctx.msg?.date ?? 0, 'begin');
    const locale = isNew ? (ctx.from?.language_code ?? null) : null;
    await this.#say(ctx, { state: 'granted', who: named?.who ?? {}, locale, textVersion: consentText, at });
    const html = await this.#greeting(ctx, { chat, token, customerId: named?.customerId ?? null });
    return { html, word: { chat, says: 'back', at } };
  }

  async #greeting(ctx: Context, started: { chat: string; token: string; customerId: string | null }): Promise<string> {
    const { db } = this.#deps;
    const words = botWords[this.#locale(ctx)];
    const name = escapeHtml(this.#shop().name);
    const { chat, token, customerId } = started;
    if (token === '') return words.welcome(name);
    if (customerId === null) return `${words.notLinked}\n\n${words.welcome(name)}`;
    const [owner, customer] = await Promise.all([chatOwner(db, chat), resolveCustomer(db, customerId)]);
    return owner?.customerId === customer?.id ? words.linked(name) : words.linkedElsewhere;
  }

  async #stop(ctx: Context): Promise<Answer> {
    const at = happened(this.#deps.clock, ctx.msg?.date ?? 0, 'end');
    await this.#say(ctx, { state: 'denied', who: {}, locale: null, textVersion: null, at });
    return { html: botWords[this.#locale(ctx)].stopped };
  }

  /** Resolves when it is committed, under the customer's lock: no submission begins after a no. */
  async #say(ctx: Context, word: Omit<Word, 'chat' | 'messageId'>): Promise<void> {
    const { clock } = this.#deps;
    const messageId = `telegram-${this.#bot}-${ctx.update.update_id}`;
    await this.#submit(eventOf({ ...word, chat: chatOf(ctx), messageId }, clock));
  }

  async #submit(event: Event): Promise<void> {
    const { db, clock, intake, log } = this.#deps;
    this.#source ??= botSource(db, clock.now());
    const source = await this.#source.catch((error: unknown) => {
      this.#source = null;
      throw error;
    });
    try {
      await intake.submit(source, [event]);
    } catch (error) {
      if (!(error instanceof RefusedEvents)) throw error;
      // Telegram would send it again for ever.
      log.error({ err: told(error) }, 'an update of the Telegram bot can never be stored');
    }
  }

  /** Somebody blocked the bot, or came back. */
  async #membership(ctx: Context): Promise<void> {
    const change = ctx.myChatMember;
    if (!change) return;
    const says = change.new_chat_member.status === 'kicked' ? 'blocked' : 'back';
    const word: ChatWord = { chat: chatOf(ctx), says, at: happened(this.#deps.clock, change.date, 'begin') };
    await finishUpdate(this.#deps.db, this.#bot, ctx.update.update_id, word);
  }

  async #answer(ctx: Context, { html, word, buttons: below }: Answer): Promise<void> {
    const { db, log } = this.#deps;
    if (!(await finishUpdate(db, this.#bot, ctx.update.update_id, word ?? null))) return;
    const { buttons } = botWords[this.#locale(ctx)];
    const menu = new Keyboard([
      [buttons.promotions, buttons.novelties],
      [buttons.queue, buttons.stop],
    ]).resized();
    const options = {
      parse_mode: 'HTML',
      link_preview_options: { is_disabled: true },
      reply_markup: below ?? menu,
    } as const;
    // What was asked for is done; who hears nothing asks again.
    await ctx.reply(html, options).catch((error: unknown) => {
      log.warn({ fault: apiFault(error) }, 'an answer of the Telegram bot did not go out');
    });
  }
}

/** Of items that somebody waited for: enough for a button of long ago. */
const mostKnown = 100;

function chatOf(ctx: Context): string {
  if (!ctx.chat) throw new TypeError('an update of a private chat names its chat');
  return String(ctx.chat.id);
}
