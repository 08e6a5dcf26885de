import { beforeEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '#channels/channel.ts';
import { createTelegramChannel } from '#channels/telegram/channel.ts';
import type { ShortText } from '#domain/content.ts';
import { startBotApi } from './bot-api.ts';

const api = await startBotApi();
const channel = createTelegramChannel({ token: api.token, apiRoot: api.root, timeLimit: 2_000 });
const chat = '5551234567';

function message(content: Partial<ShortText> = {}, to = chat): OutgoingMessage {
  const text = 'Сумка <Kelly> & платок: вернулись на витрину';
  return {
    id: '019ab5d0-7c00-7000-8000-000000000001',
    journey: 'abandonment',
    template: 'cart-reminder',
    kind: 'marketing',
    locale: 'ru',
    to,
    devices: [],
    from: { name: 'Shop', email: 'hello@shop.example' },
    content: { form: 'text', text, button: null, imageUrl: null, approved: null, ...content },
    unsubscribeUrl: null,
  };
}

beforeEach(() => {
  api.calls.length = 0;
  api.faults.clear();
  api.blockedBy.clear();
  api.chats = null;
});

describe('a message on Telegram', () => {
  it('is the text as it is, with its button', async () => {
    const button = { label: 'Открыть', url: 'https://shop.example/p/1?a=1&b=2' };
    expect(await channel.submit(message({ button }))).toEqual({ result: 'accepted', providerId: '1' });
    expect(api.sentTo(chat)).toEqual([
      {
        chat_id: chat,
        parse_mode: 'HTML',
        text: 'Сумка &lt;Kelly&gt; &amp; платок: вернулись на витрину',
        reply_markup: { inline_keyboard: [[{ text: button.label, url: button.url }]] },
        link_preview_options: { is_disabled: true },
      },
    ]);
  });

  it('stands under its photo', async () => {
    const imageUrl = 'https://shop.example/1.jpg';
    expect(await channel.submit(message({ imageUrl }))).toMatchObject({ result: 'accepted' });
    expect(api.calls).toMatchObject([{ method: 'sendPhoto', payload: { photo: imageUrl, parse_mode: 'HTML' } }]);
  });

  it('goes without its photo where Telegram cannot fetch that', async () => {
    const imageUrl = 'https://shop.example/broken.jpg';
    expect(await channel.submit(message({ imageUrl }))).toMatchObject({ result: 'accepted' });
    expect(api.calls.map(({ method }) => method)).toEqual(['sendPhoto', 'sendMessage']);
  });

  it.each([null, 'https://shop.example/1.jpg', 'https://shop.example/broken.jpg'])(
    'has the address in its text where Telegram does not take that for a button (photo: %s)',
    async (imageUrl) => {
      const button = { label: 'Открыть', url: 'http://localhost:3000/t/c/token' };
      expect(await channel.submit(message({ text: 'Сумка', button, imageUrl }))).toMatchObject({ result: 'accepted' });
      const { text, caption = text, reply_markup } = api.sentTo(chat).at(-1);
      expect([caption, reply_markup]).toEqual(['Сумка\n\nОткрыть: http://localhost:3000/t/c/token', undefined]);
    },
  );

  it('shows the photo above a text that is too long for a caption', async () => {
    const imageUrl = 'https://shop.example/1.jpg';
    expect(await channel.submit(message({ imageUrl, text: 'д'.repeat(1025) }))).toMatchObject({ result: 'accepted' });
    const preview = { url: imageUrl, prefer_large_media: true, show_above_text: true };
    expect(api.calls).toMatchObject([{ method: 'sendMessage', payload: { link_preview_options: preview } }]);
  });

  it('has 4096 characters at most, markup not counted', async () => {
    expect(await channel.submit(message({ text: '<'.repeat(4096) }))).toMatchObject({ result: 'accepted' });
    const refused = { result: 'refused', reason: 'the text has 4097 characters, Telegram takes 4096', suppress: null };
    expect(await channel.submit(message({ text: 'a'.repeat(4097) }))).toEqual(refused);
    expect(api.sentTo(chat)).toHaveLength(1);
  });
});

describe('what Telegram answers', () => {
  const error = (code: number, description: string, parameters?: object) => ({
    code,
    description,
    ...(parameters && { parameters }),
  });

  it.each([
    [error(429, 'Too Many Requests: retry after 7', { retry_after: 7 }), { result: 'later', retryAfterMs: 7_000 }],
    [error(403, 'Forbidden: bot was blocked by the user'), { result: 'refused', suppress: 'blocked' }],
    [error(403, 'Forbidden: user is deactivated'), { result: 'refused', suppress: 'blocked' }],
    [error(403, 'Forbidden: bot was kicked from the group chat'), { result: 'refused', suppress: 'blocked' }],
    [error(400, 'Bad Request: chat not found'), { result: 'refused', suppress: 'bounced' }],
    [error(400, "Bad Request: can't parse entities"), { result: 'refused', suppress: null }],
    [error(500, 'Internal Server Error'), { result: 'later', retryAfterMs: null }],
    [error(502, 'Bad Gateway'), { result: 'unknown' }],
    [error(401, 'Unauthorized'), { result: 'later', retryAfterMs: 60_000 }],
  ])('%o', async (fault, outcome) => {
    api.fail('sendMessage', fault);
    const result = await channel.submit(message());
    expect(result).toMatchObject(outcome);
    expect(result).toHaveProperty('reason', expect.stringContaining(`${fault.code} ${fault.description}`));
  });

  it.each(['drop', 'half', 'html', 'hang'] as const)('%s: it may have been taken', async (fault) => {
    api.fail('sendMessage', fault);
    expect(await channel.submit(message())).toMatchObject({ result: 'unknown' });
  });

  it('a photo that was perhaps taken is not sent again without', async () => {
    api.fail('sendPhoto', 'drop');
    const imageUrl = 'https://shop.example/1.jpg';
    expect(await channel.submit(message({ imageUrl }))).toMatchObject({ result: 'unknown' });
    expect(api.calls).toHaveLength(1);
  });

  it('nobody there: surely not taken', async () => {
    const away = createTelegramChannel({ token: api.token, apiRoot: 'http://127.0.0.1:2' });
    const result = { result: 'later', reason: 'no answer from Telegram: ECONNREFUSED', retryAfterMs: null };
    expect(await away.submit(message())).toEqual(result);
    const nowhere = createTelegramChannel({ token: api.token, apiRoot: 'http://telegram.invalid' });
    expect(await nowhere.submit(message())).toMatchObject({ result: 'later' });
  });

  it('reasons carry neither chat nor address nor token', async () => {
    const descriptions = [
      `Bad Request: chat ${chat} is odd`,
      `Bad Request: URL 'https://shop.example/t/c/abc' is wrong`,
    ];
    for (const description of descriptions) {
      api.fail('sendMessage', error(400, description));
      const text = JSON.stringify(await channel.submit(message()));
      expect(text).toContain('400 Bad Request');
      expect(text).not.toMatch(/5551234567|shop\.example|a-token-of/);
    }
  });
});
