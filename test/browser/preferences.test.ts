import { expect, test } from 'vitest';
import { messageToken } from '#rendering/tokens.ts';
import { gateway, newCustomer, newMessage, secret } from '#test/api/tracking/support.ts';
import { desktop, openBrowser, overflow, phone } from '#test/support/browser.ts';
import { freshDatabase } from '#test/support/database.ts';

const { db } = await freshDatabase();
const { url } = await gateway(db);
const open = await openBrowser();

test.each([
  ['on a phone', phone, 'ru', ['Отписаться', 'Вы отписались', 'Вернуть подписку', 'Вы снова подписаны']],
  [
    'on a desktop',
    desktop,
    'en',
    ['Unsubscribe', 'You are unsubscribed', 'subscribe again', 'You are subscribed again'],
  ],
])(
  'a person unsubscribes and comes back, %s',
  async (_where, viewport, locale, [leave = '', left = '', back = '', again = '']) => {
    const { id } = await newMessage(db, await newCustomer(db), { locale });
    const { page, problems, hosts } = await open({ viewport });
    await page.goto(`${url}/u/${messageToken(secret, id, 'u')}`);
    expect(await overflow(page)).toBe(0);
    await page.getByRole('button', { name: leave }).click();
    expect(await page.getByRole('heading').textContent()).toBe(left);
    await page.getByRole('button', { name: back }).click();
    expect(await page.getByRole('heading').textContent()).toBe(again);
    expect(problems.filter((problem) => !problem.includes('favicon'))).toEqual([]);
    expect([...hosts]).toEqual([new URL(url).host]);
  },
);
