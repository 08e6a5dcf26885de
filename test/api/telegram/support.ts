import { afterAll, expect, vi } from 'vitest';
import { createTelegram, type TelegramOptions } from '#api/telegram/telegram.ts';
import { createIntake, type Intake } from '#db/intake.ts';
import type { OutboxRow } from '#db/outbox.ts';
import { saveSettings } from '#db/settings.ts';
import { scaledClock } from '#domain/clock.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { createLogger } from '#process/logger.ts';
import { testGateway } from '#test/api/support.ts';
import { type BotApi, seconds, startBotApi } from '#test/channels/telegram/bot-api.ts';
import { freshDatabase } from '#test/support/database.ts';
import { testRouting } from '#test/support/intake.ts';

export const webhookSecret = 'secret-of-the-webhook-0123456789';

export interface Person {
  chat: number;
  language: string;
}

type Shop = Awaited<ReturnType<typeof botGateway>>;

/** A gateway with a bot, a Bot API that it talks to, and all that it logged. */
export async function botGateway(options: Partial<TelegramOptions> = {}) {
  const api = await startBotApi();
  const database = await freshDatabase();
  const clock = scaledClock({ origin: 0, scale: 1 });
  const shop: ShopSettings = { ...defaultShop, name: 'Bags & Co', channels: ['email', 'telegram'] };
  await saveSettings(database.db, 'shop', shop, 'test', clock.now());
  const outbox: OutboxRow[] = [];
  const logged: string[] = [];
  const log = createLogger('gateway', 'trace', { write: (line) => void logged.push(line) });
  const onOutbox = (rows: OutboxRow[]) => void outbox.push(...rows);
  const intake = createIntake({ pool: database.pool, clock, routing: testRouting, onOutbox, shop: () => shop });
  /** May be replaced by a test: where events go. */
  const door: { submit: Intake['submit'] } = { submit: intake.submit };
  const given = {
    ...database,
    clock,
    intake: { submit: (source: string, events: Parameters<Intake['submit']>[1]) => door.submit(source, events) },
    log,
    secret: 'secret-of-tests',
    publicUrl: 'https://crm.shop.example',
    shop: () => shop,
  };
  const bot = () =>
    createTelegram(given, { token: api.token, secret: webhookSecret, mode: 'webhook', apiRoot: api.root, ...options });
  const telegram = bot();
  const gateway = await testGateway(database, { ...given, telegram });
  afterAll(async () => {
    await telegram.close();
    await intake.close();
  });
  return { ...gateway, ...database, api, clock, shop, outbox, logged, door, intake, telegram, bot };
}

/** A message that somebody sends to the bot. `at`: wall epoch ms. */
export function messageOf({ api }: Pick<Shop, 'api'>, { chat, language }: Person, text: string, at = Date.now()) {
  const command = /^\/\w+/.exec(text)?.[0];
  const entities = command && [{ type: 'bot_command' as const, offset: 0, length: command.length }];
  return {
    update_id: api.nextId(),
    message: {
      message_id: api.nextId(),
      date: seconds(at),
      chat: { id: chat, type: 'private' as const, first_name: 'Анна' },
      from: { id: chat, is_bot: false, first_name: 'Анна', language_code: language },
      text,
      ...(entities && { entities }),
    },
  };
}

/** Somebody presses a button below a message. */
export function pressOf({ api }: Pick<Shop, 'api'>, { chat, language }: Person, data: string) {
  const from = { id: chat, is_bot: false, first_name: 'Анна', language_code: language };
  const bot = { id: 4242, is_bot: true, first_name: 'Shop' };
  const below = { id: chat, type: 'private' as const, first_name: 'Анна' };
  const message = { message_id: api.nextId(), date: seconds(Date.now()), chat: below, from: bot, text: 'a list' };
  return {
    update_id: api.nextId(),
    callback_query: { id: String(api.nextId()), from, message, chat_instance: '1', data },
  };
}

/** Somebody blocks the bot (`kicked`), or unblocks it (`member`). */
export function membershipOf(
  { api }: Pick<Shop, 'api'>,
  { chat, language }: Person,
  status: 'kicked' | 'member',
  at = Date.now(),
) {
  const user = { id: chat, is_bot: false, first_name: 'Анна', language_code: language };
  const bot = { id: 4242, is_bot: true, first_name: 'Shop' };
  return {
    update_id: api.nextId(),
    my_chat_member: {
      chat: { id: chat, type: 'private' as const, first_name: 'Анна' },
      from: user,
      date: seconds(at),
      old_chat_member: { user: bot, status: status === 'kicked' ? 'member' : 'kicked' },
      new_chat_member: { user: bot, status, until_date: 0 },
    },
  };
}

/** As Telegram does it; the answer of the gateway. */
export function post({ request }: Pick<Shop, 'request'>, update: object, secret: string | null = webhookSecret) {
  return request('/webhooks/telegram', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(secret !== null && { 'x-telegram-bot-api-secret-token': secret }),
    },
    body: JSON.stringify(update),
  });
}

/** Sends by webhook; what the bot says to it, and the buttons below. */
export async function say(shop: Shop, person: Person, text: string, at?: number): Promise<string> {
  const before = shop.api.sentTo(person.chat).length;
  const { status, text: body } = await post(shop, messageOf(shop, person, text, at));
  expect(status, body).toBe(200);
  const answers = shop.api.sentTo(person.chat).slice(before);
  expect(answers).toHaveLength(1);
  return answers[0].text;
}

/** Lets somebody send by whatever way the bot listens, and waits for what it says. */
export async function hears(api: BotApi, person: Person, update: object & { update_id: number }): Promise<string> {
  const before = api.sentTo(person.chat).length;
  api.put(update);
  return vi.waitFor(() => api.sentTo(person.chat)[before]?.text ?? expect.unreachable(), { timeout: 60_000 });
}

/** The customer's advertising on Telegram, as the open API shows it; `address` proves whose chat it is. */
export async function onTelegram({ call }: Pick<Shop, 'call'>, customerId: string) {
  const { body } = await call('GET', `/customers/${customerId}`);
  const found = body.reachability.find(({ channel }: { channel: string }) => channel === 'telegram');
  return { address: found.address, ...found.marketing };
}

export async function ownerOf({ db }: Pick<Shop, 'db'>, kind: string, value: string | number): Promise<string | null> {
  const query = db.selectFrom('identities').select('customer_id').where('kind', '=', kind);
  return (await query.where('value', '=', String(value)).executeTakeFirst())?.customer_id ?? null;
}

export function consentsOf({ db }: Pick<Shop, 'db'>, customerId: string) {
  const query = db.selectFrom('consents').select(['purpose', 'channel', 'state', 'source', 'text_version']);
  return query.where('customer_id', '=', customerId).orderBy('at').orderBy('id').execute();
}
