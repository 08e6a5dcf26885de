import { afterAll, expect, it } from 'vitest';
import { createTelegram } from '#api/telegram/telegram.ts';
import { createTelegramChannel } from '#channels/telegram/channel.ts';
import { createIntake } from '#db/intake.ts';
import { messageOf, onTelegram, type Person } from '#test/api/telegram/support.ts';
import { customers } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { routing } from '#workflows/catalogue.ts';
import { startBotApi } from './bot-api.ts';

/** From the press of Start to the message of a journey, and to what blocking the bot leads to: bot, journey and channel together. */

const api = await startBotApi();
const system = await startSystem(await timeSkipping(), {
  shop: { channels: ['email', 'telegram'] },
  only: ['abandonment'],
});
const { pool, clock, shop } = system;
Object.assign(system.journeys.deps.channels, {
  telegram: createTelegramChannel({ token: api.token, apiRoot: api.root }),
});
const intake = createIntake({
  pool,
  clock,
  routing,
  onOutbox: (rows) => void system.relay.push(rows),
  shop: () => shop,
});
afterAll(() => intake.close());
const bot = createTelegram(
  { ...system.deps, intake, publicUrl: 'https://crm.shop.example' },
  { token: api.token, secret: null, mode: 'webhook', apiRoot: api.root },
);
const customer = customers(system);
await system.stock({ id: 'lamp', price: 100_000 });
const step = (channel: string) => ({ channel, advanceWhen: 'not_delivered', after: 'PT1H' });
await system.settings({ cascade: { channels: [step('telegram'), step('email')] } });

async function linked(chat: number) {
  const someone = await customer();
  const person: Person = { chat, language: 'en' };
  const { url } = await bot.link(someone.customerId);
  await bot.handle(messageOf({ api }, person, `/start ${new URL(url).searchParams.get('start')}`));
  return { someone, person };
}

it('a cart left behind is spoken of on Telegram, to whoever is linked there', async () => {
  const { someone, person } = await linked(750_000_001);
  await system.track(someone.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  const [, message] = api.sentTo(person.chat);
  expect(message.text ?? message.caption).toContain('Product lamp');
  expect(await someone.mails()).toEqual([]);
  const { items } = (await system.call('GET', `/messages?customerId=${someone.customerId}`)).body;
  expect(items).toMatchObject([{ channel: 'telegram', state: 'accepted' }]);
});

it('who blocked the bot gets the message by the next channel, and is not reachable on Telegram any more', async () => {
  const { someone, person } = await linked(750_000_002);
  api.blockedBy.add(String(person.chat));
  await system.track(someone.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('2 hours');
  expect(api.sentTo(person.chat)).toHaveLength(2);
  expect(await someone.mails()).toHaveLength(1);
  expect(await onTelegram(system, someone.customerId)).toMatchObject({ reachable: false, reason: 'blocked' });
  const { items } = (await system.call('GET', `/messages?customerId=${someone.customerId}`)).body;
  const failed = items.find(({ channel }: { channel: string }) => channel === 'telegram');
  expect(failed).toMatchObject({ state: 'failed', failedReason: '403 Forbidden: bot was blocked by the user' });
});
