import { join } from 'node:path';
import { afterAll, expect, inject, it } from 'vitest';
import { startBotApi } from '#test/channels/telegram/bot-api.ts';
import { processesOf, start, until } from '#test/scripts/starting.ts';
import { hears, messageOf } from './support.ts';

const data = join(inject('runFolder'), `start-with-bot-${process.pid}`);
afterAll(() => {
  for (const { pid } of processesOf(data)) process.kill(pid, 'SIGKILL');
});

it('npm start with the token of a bot polls: the sample shop answers on Telegram', { timeout: 300_000 }, async () => {
  const api = await startBotApi();
  const env = { VESTNIK_TELEGRAM_TOKEN: api.token, VESTNIK_TELEGRAM_API: api.root };
  const running = start(data, [], { env });
  await running.ready();
  const anna = { chat: 740_000_001, language: 'ru' };
  expect(await hears(api, anna, messageOf({ api }, anna, '/start'))).toContain('Добро пожаловать');
  expect(await hears(api, anna, messageOf({ api }, anna, '✨ Новинки'))).toMatch(
    /Последние поступления:(.|\n)*<a href="http/,
  );
  running.child.kill('SIGTERM');
  expect(await running.ended).toBe(0);
  await until(() => processesOf(data).length === 0);
});
