import { join } from 'node:path';
import express from 'express';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createEmailChannel } from '#channels/email/channel.ts';
import { createSandboxChannel } from '#channels/sandbox/channel.ts';
import { createInbox } from '#inbox/inbox.ts';
import type { Renderer } from '#rendering/model.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { fullModel, inputFor, inputOf } from '#test/rendering/sample.ts';
import { desktop, openBrowser, overflow, phone } from '#test/support/browser.ts';

const inbox = await createInbox({ dir: join(inject('runFolder'), `inbox-page-${process.pid}`), smtpPort: 0 });
const server = express().use(inbox.router).listen(0, '127.0.0.1');
await new Promise((listening) => server.once('listening', listening));
const address = server.address();
const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/dev/inbox`;
const open = await openBrowser();

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await inbox.close();
});

const about = { journey: 'abandonment', template: 'cart-reminder', kind: 'marketing' } as const;
const subjects = { anna: '', boris: '' };

/** A real letter to each, through SMTP. */
beforeAll(async () => {
  const renderer = await createRenderer();
  const channel = await createEmailChannel(inbox.smtpUrl);
  for (const [name, locale] of [
    ['anna', 'ru'],
    ['boris', 'en'],
  ] as const) {
    const { content } = renderer.render(
      inputOf({ ...about, message: about.template, locale }, { ...fullModel(locale), promo: null }),
    );
    subjects[name] = content.subject;
    const result = await channel.submit({
      id: crypto.randomUUID(),
      ...about,
      ...{ to: `${name}@example.com`, from: { name: 'Shop', email: 'hello@shop.example' } },
      ...{ locale, devices: [], content },
      unsubscribeUrl: 'https://shop.example/u/1',
    });
    expect(result).toMatchObject({ result: 'accepted' });
  }
  await channel.close();
  await sandboxed(renderer);
});

/** A short message to a phone, which is no e-mail but is shown here too. */
async function sandboxed(renderer: Renderer): Promise<void> {
  const sms = createSandboxChannel('sms', inbox.smtpUrl);
  const { content } = renderer.render(
    inputFor({ ...about, message: about.template, locale: 'ru' }, 'sms', fullModel('ru')),
  );
  const from = { name: 'Shop', email: 'hello@shop.example' };
  const message = { id: crypto.randomUUID(), ...about, to: '+79160000001', devices: [], unsubscribeUrl: null };
  expect(await sms.submit({ ...message, locale: 'ru', from, content })).toMatchObject({ result: 'accepted' });
  await sms.close();
}

const rows = (page: Page) => page.locator('#list a');
const letter = (page: Page) => page.frameLocator('#html').locator('body');

test.each([
  ['a desktop', desktop],
  ['a phone', phone],
])('on %s a message is found, read as HTML and as text, and nothing scrolls sideways', async (_where, viewport) => {
  const { page, problems } = await open({ viewport });
  await page.goto(url);
  await rows(page).nth(1).waitFor();
  expect(await overflow(page)).toBe(0);

  await page.getByRole('searchbox').fill('anna@');
  await expect.poll(() => rows(page).count()).toBe(1);
  expect(await rows(page).textContent()).toContain(subjects.anna);
  await rows(page).click();
  await letter(page).getByText('Перейти в корзину').first().waitFor();
  expect(await page.locator('#subject').textContent()).toBe(subjects.anna);
  expect(await overflow(page)).toBe(0);

  await page.getByRole('tab', { name: 'Text' }).click();
  await expect
    .poll(() => page.locator('#plain').textContent())
    .toContain('Перейти в корзину: https://mail.shop.example/t/c/');
  expect(await page.locator('#html').isVisible()).toBe(false);
  expect(await overflow(page)).toBe(0);
  await page.getByRole('tab', { name: 'HTML' }).click();
  await letter(page).getByText('Перейти в корзину').first().waitFor();
  expect(problems).toEqual([]);
});

test.each([
  ['a desktop', desktop],
  ['a phone', phone],
])(
  'on %s an SMS is told by its badge and filter, shows the phone, and its link can be followed',
  async (_where, viewport) => {
    const { page, problems } = await open({ viewport });
    await page.goto(url);
    await rows(page).nth(2).waitFor();
    await page.getByLabel('Channel').selectOption('sms');
    await expect.poll(() => rows(page).allTextContents()).toEqual([expect.stringMatching(/^SMS \+79160000001/)]);
    await rows(page).click();
    await expect.poll(() => page.locator('#plain').textContent()).toContain('ваша корзина сохранена');
    expect(await page.locator('#to').textContent()).toBe('+79160000001');
    expect(await page.getByRole('tab', { name: 'HTML' }).isVisible()).toBe(false);
    const link = page.locator('#plain a');
    expect(await link.getAttribute('href')).toMatch(/^https:\/\/mail\.shop\.example\/t\/c\//);
    expect(await overflow(page)).toBe(0);
    expect(problems).toEqual([]);
  },
);

test('a filter that nothing matches says so, and one in the address is taken', async () => {
  const { page } = await open();
  await page.goto(`${url}?to=boris@example.com`);
  await expect.poll(() => rows(page).allTextContents()).toEqual([expect.stringContaining(subjects.boris)]);
  expect(await page.locator('.kind:visible').count()).toBe(0);
  await page.getByRole('searchbox').fill('nobody');
  await page.getByText('No message matches the filter.').waitFor();
});

test('the inbox itself asks nobody else for anything', async () => {
  const { page, hosts } = await open();
  await page.goto(url);
  await rows(page).nth(1).waitFor();
  expect([...hosts]).toEqual([new URL(url).host]);
});
