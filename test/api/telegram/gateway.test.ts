import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { freePort } from '#scripts/provision/processes.ts';
import { startBotApi } from '#test/channels/telegram/bot-api.ts';
import { freshDatabase } from '#test/support/database.ts';
import { hears, messageOf, ownerOf, post, webhookSecret } from './support.ts';

/** The gateway as `npm run gateway` starts it, with Telegram's variables. */

const { url, db } = await freshDatabase();
await db
  .insertInto('business_clock')
  .values({ origin: new Date(), scale: 1 })
  .onConflict((row) => row.doNothing())
  .execute();
const api = await startBotApi();
const root = join(import.meta.dirname, '../../..');

async function startGateway(more: Record<string, string>) {
  const port = await freePort();
  const child = spawn(process.execPath, [join(root, 'src/api/main.ts')], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: url,
      TEMPORAL_ADDRESS: '127.0.0.1:9',
      VESTNIK_SECRET: 'a secret of the tests, long enough to sign links with',
      VESTNIK_PUBLIC_URL: 'https://crm.shop.example/',
      VESTNIK_HOST: '127.0.0.1',
      VESTNIK_PORT: String(port),
      VESTNIK_LOG_LEVEL: 'fatal',
      VESTNIK_TELEGRAM_TOKEN: api.token,
      VESTNIK_TELEGRAM_API: api.root,
      ...more,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  const close = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  afterAll(close);
  const request = (path: string, init?: RequestInit) =>
    fetch(`http://127.0.0.1:${port}${path}`, init).then(async (response) => ({
      status: response.status,
      headers: response.headers,
      text: await response.text(),
      body: undefined,
    }));
  return { request, close };
}

it('tells Telegram its address, its secret and the commands in both languages, and takes what comes', {
  timeout: 300_000,
}, async () => {
  api.fail('setWebhook', {
    code: 429,
    description: 'Too Many Requests: retry after 1',
    parameters: { retry_after: 1 },
  });
  const gateway = await startGateway({ VESTNIK_TELEGRAM_SECRET: webhookSecret });
  await vi.waitFor(() => expect(api.calls.filter(({ method }) => method === 'setMyCommands')).toHaveLength(2), 60_000);
  expect(api.webhook).toEqual({
    url: 'https://crm.shop.example/webhooks/telegram',
    secret_token: webhookSecret,
    allowed_updates: ['message', 'callback_query', 'my_chat_member'],
  });
  const commands = api.calls.filter(({ method }) => method === 'setMyCommands').map(({ payload }) => payload);
  expect(commands.map(({ language_code }) => language_code)).toEqual([undefined, 'ru']);
  expect(commands[1].commands[1]).toEqual({ command: 'promotions', description: 'Товары со скидкой' });
  const anna = { chat: 730_000_001, language: 'en' };
  expect((await post(gateway, messageOf({ api }, anna, '/start'))).status).toBe(200);
  expect(await ownerOf({ db }, 'telegram', anna.chat)).not.toBeNull();
  await gateway.close();
});

it('polls where it is told to', { timeout: 300_000 }, async () => {
  const gateway = await startGateway({ VESTNIK_TELEGRAM_MODE: 'polling' });
  const anna = { chat: 730_000_002, language: 'ru' };
  expect(await hears(api, anna, messageOf({ api }, anna, '/start'))).toContain('Добро пожаловать');
  expect(api.webhook).toBeNull();
  await gateway.close();
});
