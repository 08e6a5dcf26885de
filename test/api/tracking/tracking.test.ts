import { beforeEach, expect, test } from 'vitest';
import { messageToken } from '#rendering/tokens.ts';
import { freshDatabase } from '#test/support/database.ts';
import { browser, eventsOf, gateway, messageNow, newCustomer, newMessage, secret, sentAt } from './support.ts';

const { db } = await freshDatabase();
const { url, at, errors } = await gateway(db);
const customer = await newCustomer(db);
const apple = 'Mozilla/5.0';
const nobody = '01948c2e-0000-7000-8000-000000000000';

beforeEach(() => at(60));

const pixel = (id: string, userAgent: string, method = 'GET') =>
  fetch(`${url}/t/o/${messageToken(secret, id, 'o')}.gif`, { method, headers: { 'user-agent': userAgent } });
const follow = (id: string, link: number, userAgent: string, method = 'GET') =>
  fetch(`${url}/t/c/${messageToken(secret, id, 'c', link)}`, {
    method,
    redirect: 'manual',
    headers: { 'user-agent': userAgent },
  });

test('a pixel is always a picture that nobody keeps, whatever is wrong with its token', async () => {
  const { id } = await newMessage(db, customer);
  const token = messageToken(secret, id, 'o');
  const tokens = [
    token,
    'rubbish',
    `${token}x`,
    messageToken('another secret', id, 'o'),
    messageToken(secret, nobody, 'o'),
  ];
  for (const text of tokens) {
    const response = await fetch(`${url}/t/o/${text}.gif`, { headers: { 'if-none-match': '*' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('image/gif');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(Buffer.from(await response.arrayBuffer()).toString('latin1', 0, 6)).toBe('GIF89a');
  }
  expect(await eventsOf(db, id)).toHaveLength(1);
});

test('a person, a machine and somebody unknown open: the surest counts, each is kept', async () => {
  const { id } = await newMessage(db, customer);
  await pixel(id, apple);
  expect(await messageNow(db, id)).toMatchObject({ opened_by: 'machine', state: 'accepted' });
  at(120);
  await pixel(id, '');
  expect(await messageNow(db, id)).toMatchObject({
    opened_by: 'unknown',
    opened_at: new Date(sentAt.getTime() + 120_000),
  });
  at(180);
  await pixel(id, browser);
  at(240);
  await pixel(id, apple);
  expect(await messageNow(db, id)).toMatchObject({
    opened_by: 'human',
    opened_at: new Date(sentAt.getTime() + 180_000),
    clicked_at: null,
    state: 'delivered',
    delivered_at: new Date(sentAt.getTime() + 180_000),
  });
  expect((await eventsOf(db, id)).map(({ by }) => by)).toEqual(['machine', 'unknown', 'human', 'machine']);
});

test('HEAD is neither open nor click', async () => {
  const { id } = await newMessage(db, customer);
  expect((await pixel(id, browser, 'HEAD')).status).toBe(200);
  expect((await follow(id, 0, browser, 'HEAD')).status).toBe(302);
  expect(await eventsOf(db, id)).toEqual([]);
  expect(await messageNow(db, id)).toMatchObject({ opened_at: null, clicked_at: null });
});

test('a link leads where the message says, is not kept and tells the shop nothing', async () => {
  const { id } = await newMessage(db, customer);
  const response = await follow(id, 1, browser);
  expect(response.status).toBe(302);
  expect(response.headers.get('location')).toBe('https://shop.example/p/%D1%87%D0%B0%D0%B9?a=1&b=2');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  expect(await eventsOf(db, id)).toEqual([{ kind: 'clicked', by: 'human', link: 1 }]);
});

test('a click of a person is an open of a person; the first of each counts, whatever order they come in', async () => {
  const { id } = await newMessage(db, customer);
  at(300);
  await follow(id, 0, browser);
  at(200);
  await follow(id, 0, browser);
  at(100);
  await pixel(id, browser);
  const instant = (seconds: number) => new Date(sentAt.getTime() + seconds * 1000);
  expect(await messageNow(db, id)).toMatchObject({
    clicked_at: instant(200),
    opened_at: instant(100),
    opened_by: 'human',
    delivered_at: instant(100),
  });
});

test('scanners click within two seconds or say who they are: kept, not counted', async () => {
  const { id } = await newMessage(db, customer);
  at(1);
  await follow(id, 0, browser);
  at(60);
  await follow(id, 0, 'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)');
  expect(await messageNow(db, id)).toMatchObject({ clicked_at: null, opened_at: null, state: 'accepted' });
  expect((await eventsOf(db, id)).map(({ by }) => by)).toEqual(['machine', 'machine']);
});

test('a message whose fate was unknown has arrived once a person opens it; one that failed stays failed', async () => {
  const lost = await newMessage(db, customer, { state: 'unknown', accepted_at: null });
  const failed = await newMessage(db, customer, { state: 'failed' });
  await pixel(lost.id, browser);
  await pixel(failed.id, browser);
  expect((await messageNow(db, lost.id)).state).toBe('delivered');
  expect((await messageNow(db, failed.id)).state).toBe('failed');
});

test('what comes sooner than a person could is a machine', async () => {
  for (const [second, by] of [
    [1.9, 'machine'],
    [2, 'human'],
  ] as const) {
    const { id } = await newMessage(db, customer);
    at(second);
    await pixel(id, browser);
    await follow(id, 0, browser);
    expect((await eventsOf(db, id)).map((event) => event.by)).toEqual([by, by]);
    expect((await messageNow(db, id)).clicked_at === null).toBe(by === 'machine');
  }
});

test('who follows several links at once is a machine, also for the first of them, and still arrives', async () => {
  const { id } = await newMessage(db, customer);
  await pixel(id, apple);
  at(100);
  await follow(id, 0, browser);
  expect(await messageNow(db, id)).toMatchObject({ opened_by: 'human' });
  at(100.9);
  expect((await follow(id, 1, browser)).status).toBe(302);
  expect(await messageNow(db, id)).toMatchObject({ opened_by: 'machine', clicked_at: null });
  const together = await newMessage(db, customer);
  at(200);
  await Promise.all([follow(together.id, 0, browser), follow(together.id, 1, browser)]);
  expect((await eventsOf(db, together.id)).map(({ by }) => by)).toEqual(['machine', 'machine']);
  expect(await messageNow(db, together.id)).toMatchObject({ opened_by: null, clicked_at: null });
});

test('a person may follow one link twice, and another a moment later', async () => {
  const { id } = await newMessage(db, customer);
  for (const [second, link] of [
    [100, 0],
    [100.2, 0],
    [101.3, 1],
  ] as const) {
    at(second);
    await follow(id, link, browser);
  }
  expect((await eventsOf(db, id)).map(({ by }) => by)).toEqual(['human', 'human', 'human']);
});

test('a hundred at once, of few messages: each is kept', async () => {
  const messages = await Promise.all(Array.from({ length: 5 }, () => newMessage(db, customer)));
  await Promise.all(
    Array.from({ length: 100 }, (_, index) => pixel(messages[index % 5]?.id ?? '', index % 2 ? browser : apple)),
  );
  for (const { id } of messages) {
    expect(await eventsOf(db, id)).toHaveLength(20);
    expect(await messageNow(db, id)).toMatchObject({ opened_by: 'human' });
  }
});

test('no link leads elsewhere: bad tokens, links that there are none of and other schemes get a page', async () => {
  const { id } = await newMessage(db, customer, {
    links: ['javascript:alert(1)', 'data:text/html,x', '//evil.example'],
  });
  const token = messageToken(secret, id, 'c');
  const paths = [
    `/t/c/${token.slice(0, -1)}A?url=https://evil.example`,
    `/t/c/${messageToken(secret, id, 'o')}`,
    `/t/c/${messageToken(secret, nobody, 'c')}`,
    ...[0, 1, 2, 3].map((link) => `/t/c/${messageToken(secret, id, 'c', link)}`),
  ];
  for (const path of paths) {
    const response = await fetch(url + path, { redirect: 'manual', headers: { 'accept-language': 'ru' } });
    expect(response.status, path).toBe(404);
    expect(response.headers.get('location')).toBeNull();
    expect(await response.text()).toContain('Ссылка не работает');
  }
});

test('without the database a pixel is still a picture, and a link asks to try again', async () => {
  const { connect, createPool } = await import('#db/connect.ts');
  const away = connect(createPool('postgres://nobody@127.0.0.1:1/none', 1));
  const other = await gateway(away);
  const { id } = await newMessage(db, customer);
  expect((await fetch(`${other.url}/t/o/${messageToken(secret, id, 'o')}.gif`)).status).toBe(200);
  const response = await fetch(`${other.url}/t/c/${messageToken(secret, id, 'c')}`, { redirect: 'manual' });
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('30');
  expect(other.errors).toHaveLength(2);
  expect(errors).toEqual([]);
});
