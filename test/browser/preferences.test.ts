import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { saveSettings } from '#db/settings.ts';
import { defaultShop } from '#domain/shop.ts';
import { messageToken } from '#rendering/tokens.ts';
import { gateway, newCustomer, newMessage, secret, sentAt } from '#test/api/tracking/support.ts';
import { desktop, openBrowser, overflow, phone } from '#test/support/browser.ts';
import { freshDatabase } from '#test/support/database.ts';

const { db } = await freshDatabase();
const { url, at } = await gateway(db);
await saveSettings(db, 'shop', { ...defaultShop, channels: ['email', 'sms', 'telegram'] }, 'test', sentAt);
const open = await openBrowser();
const pictures = join(inject('runFolder'), 'preferences');
mkdirSync(pictures, { recursive: true });

async function reader(locale: string): Promise<string> {
  const customer_id = await newCustomer(db);
  await db
    .insertInto('profiles')
    .values({ customer_id, kind: 'personal', email: 'anna@example.com', phone: '+79161234567' })
    .execute();
  const { id } = await newMessage(db, customer_id, { locale });
  return `${url}/u/${messageToken(secret, id, 'u')}`;
}

/** Contrast of the text of each element with what is behind it, and boxes without a name, as WCAG counts them. */
const faults = `(() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = numbers(getComputedStyle(one).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const faint = [...document.querySelectorAll('h1, p, small, span, legend, button, a')].filter((element) => {
    const [a, b] = [luminance(numbers(getComputedStyle(element).color)), luminance(behind(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
  });
  const nameless = [...document.querySelectorAll('input[type=checkbox]')].filter((box) => box.labels.length !== 1);
  return [...faint, ...nameless].map((element) => element.outerHTML);
})()`;

test.each([
  [
    'on a phone',
    phone,
    'light',
    'ru',
    ['Скидки', 'Сохранить', 'Уже действует', 'Отписаться от всего', 'Вы отписались', 'вернуть'],
  ],
  [
    'on a desktop',
    desktop,
    'light',
    'en',
    [
      'Discounts',
      'Save',
      'It holds from now on',
      'Unsubscribe from everything',
      'You are unsubscribed',
      'subscribe again',
    ],
  ],
  [
    'at night on a phone',
    phone,
    'dark',
    'en',
    [
      'Discounts',
      'Save',
      'It holds from now on',
      'Unsubscribe from everything',
      'You are unsubscribed',
      'subscribe again',
    ],
  ],
] as const)('a person chooses, leaves and comes back %s', async (where, viewport, colorScheme, locale, said) => {
  at(60);
  const [offers, save, saved, leave, left, back] = said;
  const { page, problems, hosts } = await open({ viewport, colorScheme });
  await page.goto(await reader(locale));
  const look = async (name: string) => {
    expect(await overflow(page)).toBe(0);
    expect(await page.evaluate(faults)).toEqual([]);
    await page.screenshot({ path: join(pictures, `${where} ${name}.png`), fullPage: true });
  };
  await look('before');
  const email = page.getByRole('group', { name: /a•••@example\.com/ });
  const phones = page.getByRole('group', { name: /\+7•••••••67/ });
  expect(await email.getByRole('checkbox', { checked: true }).count()).toBe(4);
  expect(await phones.getByRole('checkbox', { checked: true }).count()).toBe(0);
  await email.getByLabel(offers).uncheck();
  await phones.getByLabel(offers).check();
  await page.getByRole('button', { name: save }).click();
  await page.getByRole('status').getByText(saved).waitFor();
  expect(await email.getByLabel(offers).isChecked()).toBe(false);
  expect(await email.getByRole('checkbox', { checked: true }).count()).toBe(3);
  expect(await phones.getByRole('checkbox', { checked: true }).count()).toBe(1);
  await look('saved');
  await page.getByRole('button', { name: leave }).click();
  await page.getByRole('heading', { name: left }).waitFor();
  expect(await page.getByRole('checkbox', { checked: true }).count()).toBe(0);
  await look('left');
  at(90);
  await page.getByRole('button', { name: new RegExp(back) }).click();
  // What they wanted no offers for, they still do not.
  await expect.poll(() => email.getByRole('checkbox', { checked: true }).count()).toBe(3);
  expect(await phones.getByRole('checkbox', { checked: true }).count()).toBe(0);
  expect(problems.filter((problem) => !problem.includes('favicon'))).toEqual([]);
  expect([...hosts]).toEqual([new URL(url).host]);
});

test('by keyboard alone, and in the other language', async () => {
  const { page } = await open({ javaScriptEnabled: false });
  await page.goto(await reader('en'));
  for (const key of ['Tab', 'Tab', 'Space']) await page.keyboard.press(key);
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('Saved').waitFor();
  expect(await page.getByRole('checkbox').first().isChecked()).toBe(false);
  await page.getByRole('link', { name: 'Русский' }).click();
  await page.getByRole('heading', { name: 'О чём вам писать?' }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('ru');
  await page.getByRole('button', { name: 'Сохранить' }).click();
  await page.getByRole('heading', { name: 'О чём вам писать?' }).waitFor();
});
