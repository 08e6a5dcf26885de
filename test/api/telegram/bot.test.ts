import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { normalise } from '#domain/segment.ts';
import {
  botGateway,
  consentsOf,
  membershipOf,
  messageOf,
  onTelegram,
  ownerOf,
  type Person,
  post,
  pressOf,
  say,
} from './support.ts';

const shop = await botGateway();
const { api, db, call } = shop;

let chats = 700_000_000;
const person = (language = 'en'): Person => ({ chat: ++chats, language });

const source = randomUUID();

/** Gives in what a shop would send. */
async function send(type: string, event: object): Promise<void> {
  const context = {
    receivedAt: shop.clock.now(),
    wallNow: Date.now(),
    scale: 1,
    currency: 'RUB',
    phone: (value: string) => value,
    ip: () => null,
    fingerprint: (value: string) => value,
  };
  await shop.intake.submit(source, [normalise({ messageId: randomUUID(), ...event }, type, context)]);
}

async function login(traits: object = {}): Promise<{ userId: string; id: string }> {
  const userId = `user-${randomUUID()}`;
  await send('identify', { userId, traits });
  return { userId, id: (await ownerOf(shop, 'user_id', userId)) ?? expect.unreachable() };
}

async function linkOf(customerId: string): Promise<string> {
  const { status, body, text } = await call('POST', `/customers/${customerId}/telegram-link`);
  expect(status, text).toBe(200);
  return body.url;
}

/** What pressing Start after a link sends. */
const startOf = (url: string) => `/start ${new URL(url).searchParams.get('start')}`;

describe('a link', () => {
  it('binds the chat to the customer, who is reachable there from then on', async () => {
    const { id } = await login({ email: 'anna@shop.example' });
    const anna = person();
    const { body } = await call('POST', `/customers/${id}/telegram-link`);
    expect(body.url).toMatch(/^https:\/\/t\.me\/sample_shop_bot\?start=[\w-]{1,64}$/);
    const minutes = (Date.parse(body.expiresAt) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(29);
    expect(minutes).toBeLessThanOrEqual(30);
    expect(await say(shop, anna, startOf(body.url))).toContain('this chat belongs to your account at Bags &amp; Co');
    expect(await ownerOf(shop, 'telegram', anna.chat)).toBe(id);
    expect(await onTelegram(shop, id)).toEqual({ address: String(anna.chat), reachable: true, reason: null });
    const granted = { purpose: 'advertising', channel: 'telegram', state: 'granted', source: 'bot' };
    expect(await consentsOf(shop, id)).toEqual([{ ...granted, text_version: 'telegram-1' }]);
  });

  it('joins what the chat was before to the customer', async () => {
    const anna = person('ru');
    expect(await say(shop, anna, '/start')).toContain('Добро пожаловать в Bags &amp; Co');
    const visitor = await ownerOf(shop, 'telegram', anna.chat);
    const { id } = await login();
    expect(visitor).not.toBe(id);
    expect(await say(shop, anna, startOf(await linkOf(id)))).toContain('чат связан с вашим аккаунтом');
    expect(await ownerOf(shop, 'telegram', anna.chat)).toBe(id);
    expect((await call('GET', `/customers/${visitor}`)).body).toMatchObject({ id, mergedFrom: visitor });
  });

  it('works for somebody who is known by a browser only', async () => {
    const anonymousId = randomUUID();
    await send('page', { anonymousId });
    const id = (await ownerOf(shop, 'anonymous_id', anonymousId)) ?? expect.unreachable();
    const anna = person();
    await say(shop, anna, startOf(await linkOf(id)));
    expect(await ownerOf(shop, 'telegram', anna.chat)).toBe(id);
  });

  it('takes nobody their chat: that is for a person to decide', async () => {
    const [first, second] = [await login(), await login()];
    const anna = person();
    await say(shop, anna, startOf(await linkOf(first.id)));
    expect(await say(shop, anna, startOf(await linkOf(second.id)))).toContain('belongs to another account');
    expect(await ownerOf(shop, 'telegram', anna.chat)).toBe(first.id);
    const conflicts = db.selectFrom('identity_conflicts').select(['holder_id', 'kind']);
    expect(await conflicts.where('claimant_id', '=', second.id).execute()).toEqual([
      { holder_id: first.id, kind: 'telegram' },
    ]);
  });

  it.each(['forged', 'of another purpose', 'of somebody erased'])('%s binds nobody', async (kind) => {
    const { id } = await login();
    let start = startOf(await linkOf(id));
    if (kind === 'forged') start = start.slice(0, -1) + (start.endsWith('A') ? 'B' : 'A');
    if (kind === 'of another purpose') start = `/start ${Buffer.alloc(32, 7).toString('base64url')}`;
    if (kind === 'of somebody erased') expect((await call('DELETE', `/customers/${id}`)).status).toBe(204);
    const anna = person();
    expect(await say(shop, anna, start)).toContain('This link is no longer valid');
    expect(await ownerOf(shop, 'telegram', anna.chat)).not.toBe(id);
  });

  it('is answered for customers that there are', async () => {
    expect((await call('POST', `/customers/${randomUUID()}/telegram-link`)).status).toBe(404);
  });
});

describe('start without a link', () => {
  it('makes a customer of the chat, in the language of their Telegram', async () => {
    const anna = person('ru-RU');
    expect(await say(shop, anna, '/start')).toContain('/stop');
    const id = (await ownerOf(shop, 'telegram', anna.chat)) ?? expect.unreachable();
    const { body } = await call('GET', `/customers/${id}`);
    expect(body).toMatchObject({ locale: 'ru-RU', identities: [{ kind: 'telegram', value: String(anna.chat) }] });
    expect(await onTelegram(shop, id)).toMatchObject({ reachable: true });
  });

  it('leaves the language that the shop knows of somebody alone', async () => {
    const { id } = await login({ locale: 'en' });
    const anna = person('ru');
    await say(shop, anna, startOf(await linkOf(id)));
    await say(shop, anna, '/start');
    expect((await call('GET', `/customers/${id}`)).body.locale).toBe('en');
  });
});

describe('the menu', () => {
  beforeAll(async () => {
    const money = (amount: number) => ({ amount, currency: 'RUB' });
    const product = (id: string, name: string, offers: object[], publishedAt: string) => ({
      id,
      name,
      url: `https://shop.example/p/${id}?a=1&b=2`,
      publishedAt,
      offers,
    });
    const offer = (price: number, oldPrice: number | null, more: object = {}) => ({
      region: '*',
      price: money(price),
      ...(oldPrice !== null && { oldPrice: money(oldPrice) }),
      stock: 1,
      ...more,
    });
    const items = [
      product('kelly', 'Bag <Kelly>', [offer(9_000_00, 10_000_00)], '2026-01-01T00:00:00Z'),
      product('scarf', 'Scarf', [offer(500_00, 1_000_00)], '2026-01-02T00:00:00Z'),
      product('gone', 'Gone', [offer(1_00, 1_000_00, { stock: 0 })], '2026-01-03T00:00:00Z'),
      product('belt', 'Belt', [offer(700_00, null)], '2026-01-04T00:00:00Z'),
      product(
        'north',
        'Northern coat',
        [offer(800_00, null), offer(400_00, 800_00, { region: 'north' })],
        '2026-01-05T00:00:00Z',
      ),
    ];
    const { body } = await call('PUT', '/products', { items });
    expect(body.items.filter((item: { status: string }) => item.status === 'refused')).toEqual([]);
  });

  const names = (html: string) => [...html.matchAll(/<a href="[^"]*">([^<]+)<\/a>/g)].map(([, name]) => name);

  it.each([
    ['en', '/promotions', 'At a lower price now:'],
    ['ru', '🏷 Акции', 'Сейчас дешевле:'],
    ['ru', '🏷 Promotions', 'Сейчас дешевле:'],
  ])(
    'promotions (%s, %s): goods with an old price in the region, the largest discount first',
    async (language, text, heading) => {
      const html = await say(shop, person(language), text);
      expect(html).toContain(heading);
      expect(names(html)).toEqual(['Scarf', 'Bag &lt;Kelly&gt;']);
      expect(html).toContain('href="https://shop.example/p/scarf?a=1&amp;b=2"');
      expect(html).toMatch(/<b>(₽500|500\s₽)<\/b> <s>(₽1,000|1\s000\s₽)<\/s>/);
    },
  );

  it('promotions are those of the region of the customer', async () => {
    const { id } = await login({ region: 'north' });
    const anna = person();
    await say(shop, anna, startOf(await linkOf(id)));
    expect(names(await say(shop, anna, '/promotions'))).toContain('Northern coat');
  });

  it.each([
    ['en', '/novelties', 'The latest:'],
    ['ru', '✨ Новинки', 'Последние поступления:'],
  ])('novelties (%s, %s): the newest first', async (language, text, heading) => {
    const html = await say(shop, person(language), text);
    expect(html).toContain(heading);
    expect(names(html)).toEqual(['Northern coat', 'Belt', 'Scarf', 'Bag &lt;Kelly&gt;']);
  });

  it.each([
    ['en', '/queue', 'You are waiting for:', 'You are not in the queue', ['you are the next', 'you are the next']],
    ['ru', '⏳ Моя очередь', 'Вы ждёте:', 'Вы не стоите ни в одной очереди', ['вы следующий', 'вы 2-й в очереди']],
  ])(
    'my queue (%s, %s): what was joined, and neither left nor sold to anybody since; with buttons to leave and join',
    async (language, text, heading, none, [first, second]) => {
      const { id, userId } = await login();
      const anna = person(language);
      await say(shop, anna, startOf(await linkOf(id)));
      expect(await say(shop, anna, text)).toContain(none);
      const track = (event: string, product_id: string, minutesAgo: number, who: string = userId) =>
        send('track', {
          userId: who,
          event,
          properties: { product_id },
          timestamp: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
        });
      const item = (name: string) => `${name}-${language}`;
      await track('Queue Joined', 'kelly', 9);
      await track('Queue Joined', item('left'), 8);
      await track('Queue Left', item('left'), 7);
      await track('Queue Joined', item('sold'), 6);
      await track('Item Sold', item('sold'), 5, (await login()).userId);
      await track('Item Sold', item('back'), 4, (await login()).userId);
      await track('Item Sent To Fitting', item('back'), 3.5, (await login()).userId);
      await track('Queue Joined', item('back'), 3);
      const html = await say(shop, anna, text);
      expect(html).toContain(heading);
      expect(html.split('\n').slice(1)).toEqual([
        `• ${item('back')}: ${first}`,
        `• <a href="https://shop.example/p/kelly?a=1&amp;b=2">Bag &lt;Kelly&gt;</a>: ${second}`,
      ]);
      const buttonsBelow = () => api.sentTo(anna.chat).at(-1).reply_markup.inline_keyboard.flat();
      const [leave] = buttonsBelow();
      await post(shop, pressOf(shop, anna, leave.callback_data));
      const [again, ...others] = buttonsBelow();
      expect(others).toEqual([]);
      expect((await say(shop, anna, text)).split('\n')).toHaveLength(2);
      const press = pressOf(shop, anna, again.callback_data);
      await post(shop, press);
      expect(api.sentTo(anna.chat).at(-1).text.split('\n')).toHaveLength(3);
      // A repeat of the update changes nothing, and is not answered again.
      const answers = api.sentTo(anna.chat).length;
      await post(shop, press);
      expect(api.sentTo(anna.chat)).toHaveLength(answers);
    },
  );

  it.each([
    ['en', '🔕 Stop', 'Choose what to see:'],
    ['ru', '🔕 Отписаться', 'Выберите, что показать:'],
  ])('is below every answer (%s)', async (language, stop, hint) => {
    const anna = person(language);
    expect(await say(shop, anna, 'Hello? Привет?')).toBe(hint);
    const buttons = api.sentTo(anna.chat).at(-1).reply_markup.keyboard.flat();
    expect(buttons).toHaveLength(4);
    expect(JSON.stringify(buttons)).toContain(stop);
  });
});

describe('stop', () => {
  it.each([
    ['en', '/stop', 'There will be no more advertising'],
    ['ru', '🔕 Отписаться', 'Рекламы в этом чате больше не будет'],
  ])('(%s, %s) is committed before it is answered; start begins again', async (language, text, answer) => {
    const { id } = await login({ email: `${randomUUID()}@shop.example` });
    const anna = person(language);
    const now = Date.now();
    await say(shop, anna, startOf(await linkOf(id)), now - 60_000);
    let atAnswer: unknown;
    api.onSend = async () => {
      atAnswer = await onTelegram(shop, id);
    };
    // A database that takes its time.
    shop.door.submit = async (...given) => {
      await sleep(50);
      return shop.intake.submit(...given);
    };
    expect(await say(shop, anna, text, now - 30_000)).toContain(answer);
    shop.door.submit = shop.intake.submit;
    api.onSend = null;
    expect(atAnswer).toMatchObject({ reachable: false, reason: 'unsubscribed' });
    const { body } = await call('GET', `/customers/${id}`);
    const email = body.reachability.find(({ channel }: { channel: string }) => channel === 'email');
    expect(email.marketing.reachable).toBe(true);
    await say(shop, anna, '/start', now);
    expect(await onTelegram(shop, id)).toMatchObject({ reachable: true });
    const states = (await consentsOf(shop, id)).map(({ state, source: by }) => `${state} ${by}`);
    expect(states).toEqual(['granted bot', 'denied bot', 'granted bot']);
  });

  it('wins over a start of the same second, in whatever order they come', async () => {
    const anna = person();
    const at = Date.now() - 10_000;
    await say(shop, anna, '/stop', at);
    await say(shop, anna, '/start', at);
    const id = (await ownerOf(shop, 'telegram', anna.chat)) ?? expect.unreachable();
    expect(await onTelegram(shop, id)).toMatchObject({ reachable: false, reason: 'unsubscribed' });
  });
});

describe('somebody who blocks the bot', () => {
  it('is not reachable at once, and is again by starting it', async () => {
    const { id } = await login();
    const anna = person();
    const now = Date.now();
    await say(shop, anna, startOf(await linkOf(id)), now - 60_000);
    expect((await post(shop, membershipOf(shop, anna, 'kicked', now - 30_000))).status).toBe(200);
    expect(await onTelegram(shop, id)).toMatchObject({ reachable: false, reason: 'blocked' });
    const { body } = await call('GET', `/customers/${id}/export`);
    expect(body.suppressions).toMatchObject([{ channel: 'telegram', address: String(anna.chat), reason: 'blocked' }]);
    await say(shop, anna, '/start', now);
    expect(await onTelegram(shop, id)).toMatchObject({ reachable: true });
  });

  it('and came back before that is heard stays reachable', async () => {
    const anna = person();
    const now = Date.now();
    await say(shop, anna, '/start', now);
    expect((await post(shop, membershipOf(shop, anna, 'kicked', now - 30_000))).status).toBe(200);
    const id = (await ownerOf(shop, 'telegram', anna.chat)) ?? expect.unreachable();
    expect(await onTelegram(shop, id)).toMatchObject({ reachable: true });
  });

  it('who unblocks it without starting is not suppressed any more', async () => {
    const anna = person();
    const now = Date.now();
    await say(shop, anna, '/start', now - 60_000);
    await post(shop, membershipOf(shop, anna, 'kicked', now - 30_000));
    expect((await post(shop, membershipOf(shop, anna, 'member', now))).status).toBe(200);
    const id = (await ownerOf(shop, 'telegram', anna.chat)) ?? expect.unreachable();
    expect(await onTelegram(shop, id)).toMatchObject({ reachable: true });
  });
});

it('groups are no customers', async () => {
  const update = messageOf(shop, person(), '/start');
  const group = { ...update, message: { ...update.message, chat: { id: -100, type: 'group', title: 'Friends' } } };
  expect((await post(shop, group)).status).toBe(200);
  expect(await ownerOf(shop, 'telegram', -100)).toBeNull();
  expect(api.sentTo(-100)).toEqual([]);
});

it('an answer that does not go out fails nothing', async () => {
  const anna = person();
  api.blockedBy.add(String(anna.chat));
  expect((await post(shop, messageOf(shop, anna, '/start'))).status).toBe(200);
  expect(await ownerOf(shop, 'telegram', anna.chat)).not.toBeNull();
  expect(shop.logged.join('')).toContain('an answer of the Telegram bot did not go out');
});
