import { describe, expect, it } from 'vitest';
import { linkToken, readLinkToken } from '#api/telegram/link-token.ts';
import { testGateway } from '#test/api/support.ts';
import { freshDatabase } from '#test/support/database.ts';
import { botGateway, consentsOf, messageOf, ownerOf, type Person, post, say, webhookSecret } from './support.ts';

const shop = await botGateway();
const { api } = shop;

let chats = 710_000_000;
const person = (language = 'en'): Person => ({ chat: ++chats, language });

describe('the webhook of Telegram', () => {
  it.each([null, '', 'wrong', `${webhookSecret}x`])('is closed to the secret %j', async (secret) => {
    const anna = person();
    const { status, body } = await post(shop, messageOf(shop, anna, '/start'), secret);
    expect([status, body.code]).toEqual([401, 'wrong_signature']);
    expect(await ownerOf(shop, 'telegram', anna.chat)).toBeNull();
  });

  it('looks at the secret before the body', async () => {
    const { status } = await shop.request('/webhooks/telegram', { method: 'POST', body: '{' });
    expect(status).toBe(401);
  });

  it.each(['[]', '{}', '{"update_id":"1"}', '{'])('refuses %s, which is no update', async (body) => {
    const headers = { 'x-telegram-bot-api-secret-token': webhookSecret };
    expect((await shop.request('/webhooks/telegram', { method: 'POST', headers, body })).status).toBe(400);
  });

  it.each([
    ['a bot without a secret', { secret: null }],
    ['a bot that polls', { mode: 'polling' as const }],
  ])('is closed for %s', async (_, options) => {
    const closed = await botGateway(options);
    const { status, body } = await post(closed, messageOf(shop, person(), '/start'), '');
    expect([status, body.code]).toEqual([404, 'telegram_closed']);
  });

  it('is closed where there is no bot, as links are', async () => {
    const { request, call } = await testGateway(await freshDatabase());
    expect((await post({ request }, { update_id: 1 })).body.code).toBe('telegram_closed');
    const { status, body } = await call('POST', '/customers/019ab5d0-7c00-7000-8000-000000000001/telegram-link');
    expect([status, body.code]).toEqual([409, 'no_telegram_bot']);
  });
});

describe('an update', () => {
  it('that comes again changes nothing and is not answered again, however late', async () => {
    const anna = person();
    const start = messageOf(shop, anna, '/start', Date.now() - 60_000);
    for (let times = 0; times < 5; times++) expect((await post(shop, start)).status).toBe(200);
    await say(shop, anna, '/stop');
    expect((await post(shop, start)).status).toBe(200);
    const id = (await ownerOf(shop, 'telegram', anna.chat)) ?? expect.unreachable();
    expect((await consentsOf(shop, id)).map(({ state }) => state)).toEqual(['granted', 'denied']);
    expect(api.sentTo(anna.chat)).toHaveLength(2);
  });

  it('that comes five times at once is answered once', async () => {
    const anna = person();
    const update = messageOf(shop, anna, '/start');
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(shop, update)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(api.sentTo(anna.chat)).toHaveLength(1);
    const id = (await ownerOf(shop, 'telegram', anna.chat)) ?? expect.unreachable();
    expect(await consentsOf(shop, id)).toHaveLength(1);
  });

  it('that cannot be stored now is neither answered nor taken, and Telegram sends it again', async () => {
    const anna = person();
    const update = messageOf(shop, anna, '/start');
    shop.door.submit = () => Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
    const { status } = await post(shop, update);
    shop.door.submit = shop.intake.submit;
    expect(status).toBe(503);
    expect(api.sentTo(anna.chat)).toEqual([]);
    expect((await post(shop, update)).status).toBe(200);
    expect(api.sentTo(anna.chat)).toHaveLength(1);
  });

  it('is taken though Telegram takes no answer', async () => {
    const anna = person();
    api.fail('sendMessage', { code: 500, description: 'Internal Server Error' });
    expect((await post(shop, messageOf(shop, anna, '/start'))).status).toBe(200);
    expect(await ownerOf(shop, 'telegram', anna.chat)).not.toBeNull();
  });
});

describe('a link token', () => {
  const id = '019ab5d0-7c00-7000-8000-00000000abcd';
  const end = Date.UTC(2026, 5, 1);
  const token = linkToken('secret', id, end);

  it('fits into a deep link and says whose it is until it ends', () => {
    expect(token).toMatch(/^[\w-]{1,64}$/);
    expect(readLinkToken('secret', token, end)).toBe(id);
    expect(readLinkToken('secret', token, end + 1)).toBeNull();
  });

  it('is worth nothing under another secret, or changed', () => {
    expect(readLinkToken('another', token, 0)).toBeNull();
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === 'A' ? 'B' : 'A';
      expect(readLinkToken('secret', token.slice(0, at) + other + token.slice(at + 1), 0)).toBeNull();
    }
    expect(readLinkToken('secret', '', 0)).toBeNull();
  });
});

it('nothing that is logged says who somebody is, or the token of the bot', async () => {
  const anna = person();
  api.fail('sendMessage', { code: 400, description: `Bad Request: chat ${anna.chat} is odd` }, 'drop', 'html');
  for (const text of ['/start', '/novelties', '/promotions']) await post(shop, messageOf(shop, anna, text));
  shop.door.submit = () => Promise.reject(new Error('refused'));
  await post(shop, messageOf(shop, anna, '/stop'));
  shop.door.submit = shop.intake.submit;
  await post(shop, messageOf(shop, anna, '/start'), 'wrong');
  const text = shop.logged.join('');
  expect(text.match(/did not go out/g)?.length).toBeGreaterThan(2);
  expect(text).not.toMatch(new RegExp(`${anna.chat}|${api.token}|Анна|${webhookSecret}`));
});
