import { expect, test } from 'vitest';
import { readable, scaledClock } from '#domain/clock.ts';
import { workflowId } from '#domain/ids.ts';
import { openBrowser } from '#test/support/browser.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { devServerWithUi } from '#test/support/temporal.ts';

/** Half an hour passes in half a second; the wait after the first message outlasts the tests. */
const clock = scaledClock({ origin: Date.now(), scale: 3600 });
const { environment, ui } = await devServerWithUi();
const system = await startSystem(environment, { clock });
const open = await openBrowser();
await system.stock({ id: 'lamp' });
const steps = [
  { message: 'cart-reminder', after: 'PT0S', validFor: 'P30D' },
  { message: 'cart-still-here', after: 'P30D', validFor: 'P1D' },
];
await system.settings({ branches: { cart: { idle: 'PT30M', steps } } });

const anna = await customers(system)();
const run = workflowId('abandonment', anna.customerId, 'personal');
await system.track(anna.id, 'Product Added', { product_id: 'lamp' });
const waits = 'Waits for cart-2: Cart, second message, due';

const { page, hosts } = await open({ viewport: { width: 1400, height: 1000 } });

/** Follows a tab of the run's page. */
async function tab(name: string): Promise<void> {
  await page.getByRole('tab', { name }).click();
}

async function shows(text: string | RegExp): Promise<void> {
  await page.getByText(text).filter({ visible: true }).first().waitFor();
}

/** Temporal UI shows what others wrote, in markdown, in frames of its own. */
async function tells(...texts: string[]): Promise<void> {
  const text = async () => {
    const bodies = page.frames().map((frame) =>
      frame
        .locator('body')
        .textContent()
        .catch(() => ''),
    );
    return (await Promise.all(bodies)).join('\n');
  };
  for (const one of texts) await expect.poll(text).toContain(one);
}

test('the run is found by its customer', async () => {
  await expect.poll(anna.templates).toEqual(['cart-reminder']);
  const query = encodeURIComponent(`CustomerId="${anna.customerId}"`);
  const link = page.getByRole('link', { name: run });
  await expect
    .poll(async () => {
      await page.goto(`${ui}/namespaces/default/workflows?query=${query}`);
      await page.getByText(/^\d+ Workflows?$/).waitFor();
      return link.count();
    })
    .toBe(1);
  await link.click();
  await page.getByRole('heading', { name: run }).waitFor();
});

test('its timeline names what was asked and what it waits for, and until when', async () => {
  await tab('Timeline');
  for (const text of ['Does this customer enter?', 'What to send now?', waits]) await shows(text);
});

test('its history names timers and activities, and the signal by what it means', async () => {
  await tab('Event History');
  for (const text of ['Workflow Execution Signaled', /^start$/, 'Does this customer enter?', waits]) await shows(text);
});

test('its metadata tells why it began, what was sent, and what it waits for in business time and on the wall', async () => {
  await tab('User Metadata');
  const { dueAt } = await dueOf(anna.customerId);
  await tells(
    'abandonment · personal profile, started by Product Added',
    `/api/v1/customers/${anna.customerId}/decisions`,
    'cart-1 cart-reminder accepted by email',
    'Waits for cart-2: Cart, second message',
    `due ${readable(dueAt)} (on the wall `,
    'a day passes in 24 s',
  );
});

test('its search attributes are the journey and the customer', async () => {
  await tab('Search Attributes');
  for (const text of ['Journey', 'CustomerId', anna.customerId]) await shows(text);
});

test('a purchase ends it, and it says so', async () => {
  await system.track(anna.id, 'Order Completed', orderOf('lamp'));
  await expect.poll(anna.outcome).toBe('goal');
  await page.goto(`${ui}/namespaces/default/workflows/${encodeURIComponent(run)}`);
  await page.getByText('Completed', { exact: true }).first().waitFor();
  await tab('Timeline');
  await shows('Close the run: Order Completed (goal)');
  await tab('User Metadata');
  await tells('Order Completed (goal)', 'Ended: goal');
});

test('Temporal UI asks nobody else for anything', () => {
  expect([...hosts]).toEqual([new URL(ui).host]);
});

async function dueOf(customerId: string): Promise<{ dueAt: Date }> {
  const query = system.db.selectFrom('runs').select('due_at').where('customer_id', '=', customerId);
  const { due_at } = await query.executeTakeFirstOrThrow();
  if (due_at === null) throw new Error('the run waits for nothing');
  return { dueAt: due_at };
}
