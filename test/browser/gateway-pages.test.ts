import { expect, test } from 'vitest';
import { scaledClock } from '#domain/clock.ts';
import { desktop, openBrowser, overflow, phone } from '#test/support/browser.ts';
import { startSystem } from '#test/support/system.ts';
import { devServer } from '#test/support/temporal.ts';

/** Half an hour passes in half a second. */
const system = await startSystem(await devServer(), { clock: scaledClock({ origin: Date.now(), scale: 3600 }) });
await system.stock({ id: 'lamp' }, { id: 'rug', category: 'Rugs' });
const steps = [{ message: 'cart-reminder', after: 'PT0S', validFor: 'P30D' }];
await system.settings({ branches: { cart: { idle: 'PT30M', steps } } });
const open = await openBrowser();
const own = [new URL(system.url).host];

test.each([
  ['a desktop', desktop],
  ['a phone', phone],
])('on %s the start page sends a sample cart, and leads to the message in the inbox', async (where, viewport) => {
  const { page, problems, hosts } = await open({ viewport });
  await page.goto(system.url);
  expect(await overflow(page)).toBe(0);
  const email = `${where.replace(' ', '-')}@example.com`;
  await page.getByLabel("Customer's e-mail").fill(email);
  await page.getByRole('button', { name: 'Leave the cart' }).click();
  await page.getByText('The cart is left.').waitFor();
  expect(await overflow(page)).toBe(0);
  await page.getByRole('link', { name: 'the inbox' }).click();
  const message = page.locator('#list a').filter({ hasText: email });
  await message.click();
  await page.frameLocator('#html').getByText('Product rug').first().waitFor();
  expect(await overflow(page)).toBe(0);
  expect(problems).toEqual([]);
  // The letter shows its pictures and tells that it was opened; the pages ask nobody but the gateway.
  expect([...hosts].filter((host) => host !== 'shop.example')).toEqual(own);
});

test('/docs shows the operations, loads nothing from elsewhere and breaks no rule of its policy', async () => {
  const { page, problems, hosts } = await open();
  await page.goto(`${system.url}/docs`);
  for (const path of ['/api/v1/products', '/api/v1/customers', '/api/v1/journeys/{name}/settings'])
    await page.locator(`.opblock [data-path="${path}"]`).first().waitFor();
  const { paths } = (await system.request('/openapi.json')).body;
  const operations = Object.values(paths as Record<string, object>).flatMap((path) => Object.keys(path));
  expect(await page.locator('.opblock').count()).toBe(operations.length);
  expect(problems).toEqual([]);
  expect([...hosts]).toEqual(own);
});

test('/docs/errors names what to do next, on a phone too', async () => {
  const { page, problems } = await open({ viewport: phone });
  await page.goto(`${system.url}/docs/errors#malformed_json`);
  await page.getByText('The body is not JSON').waitFor();
  expect(await overflow(page)).toBe(0);
  expect(problems).toEqual([]);
});
