import { sql } from 'kysely';
import { afterAll, expect, it, vi } from 'vitest';
import { botGateway, consentsOf, hears, messageOf, ownerOf, type Person } from './support.ts';

const shop = await botGateway({ mode: 'polling' });
const { api } = shop;
api.webhook = { url: 'https://left.over.example' };
shop.telegram.start();
const other = shop.bot();
afterAll(() => other.close());

let chats = 720_000_000;
const person = (language = 'en'): Person => ({ chat: ++chats, language });

const until = (condition: () => unknown) =>
  vi.waitFor(async () => expect(await condition()).toBeTruthy(), { timeout: 60_000 });

it('updates are fetched and answered, and the webhook of before is gone', async () => {
  const anna = person('ru');
  expect(await hears(api, anna, messageOf(shop, anna, '/start'))).toContain('Добро пожаловать');
  expect(await hears(api, anna, messageOf(shop, anna, '⏳ Моя очередь'))).toContain('Вы не стоите ни в одной очереди');
  const update = messageOf(shop, anna, '/stop');
  expect(await hears(api, anna, update)).toContain('Рекламы в этом чате больше не будет');
  const id = (await ownerOf(shop, 'telegram', anna.chat)) ?? expect.unreachable();
  expect((await consentsOf(shop, id)).at(-1)).toMatchObject({ state: 'denied', source: 'bot' });
  expect(api.webhook).toBeNull();
  await until(() => api.confirmed === update.update_id + 1);
});

it('an update is confirmed only after it is committed', async () => {
  const anna = person();
  let tries = 0;
  shop.door.submit = (...given) => {
    if (++tries < 3) return Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
    expect(api.confirmed).toBeLessThanOrEqual(update.update_id);
    return shop.intake.submit(...given);
  };
  const update = messageOf(shop, anna, '/start');
  const next = messageOf(shop, anna, '/queue');
  api.put(update);
  expect(await hears(api, anna, next)).toContain('Welcome');
  shop.door.submit = shop.intake.submit;
  expect(tries).toBe(3);
  await until(() => api.confirmed === next.update_id + 1);
  expect(api.sentTo(anna.chat).map(({ text }) => text.slice(0, 7))).toEqual(['Welcome', 'You are']);
});

it('what Telegram refuses or breaks off is asked for again', async () => {
  const anna = person();
  api.fail('getUpdates', { code: 502, description: 'Bad Gateway' }, 'half');
  const wake = messageOf(shop, anna, '/queue');
  await hears(api, anna, wake);
  await hears(api, anna, messageOf(shop, anna, '/queue'));
  await hears(api, anna, messageOf(shop, anna, '/queue'));
  expect(api.sentTo(anna.chat)).toHaveLength(3);
});

it('whose connection to the database is cut goes on with another', async () => {
  const anna = person();
  const cut = await sql<{ pid: number }>`
    select pid, pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`.execute(shop.db);
  expect(cut.rows).toHaveLength(1);
  expect(await hears(api, anna, messageOf(shop, anna, '/start'))).toContain('Welcome');
  await until(async () => {
    const { rows } = await sql<{ pid: number }>`
      select pid from pg_locks where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())`.execute(shop.db);
    return rows.length === 1 && rows[0]?.pid !== cut.rows[0]?.pid;
  });
});

it('one process fetches at a time; when it ends the other takes over', async () => {
  const asked = () => api.calls.filter(({ method }) => method === 'getUpdates').length;
  other.start();
  const anna = person();
  await hears(api, anna, messageOf(shop, anna, '/queue'));
  await until(() => api.calls.filter(({ method }) => method === 'setMyCommands').length >= 4);
  const deleted = () => api.calls.filter(({ method }) => method === 'deleteWebhook').length;
  const before = deleted();
  await hears(api, anna, messageOf(shop, anna, '/queue'));
  expect(deleted()).toBe(before);
  await shop.telegram.close();
  const asks = asked();
  await hears(api, anna, messageOf(shop, anna, '/queue'));
  expect(deleted()).toBe(before + 1);
  expect(asked()).toBeGreaterThan(asks);
});
