import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll } from 'vitest';
import { launchBrowser } from './chromium.ts';

export const desktop = { width: 1280, height: 800 };
export const phone = { width: 375, height: 740 };

export interface Watched {
  page: Page;
  /** What went wrong in the page: script errors, errors on its console (violations of its policy among them). */
  problems: string[];
  /** Hosts that it asked anything of. */
  hosts: Set<string>;
}

/** Pages of one browser for the tests of a file; it is closed after them. */
export async function openBrowser(): Promise<(options?: BrowserContextOptions) => Promise<Watched>> {
  const browser = await launchBrowser();
  afterAll(() => browser.close());
  return async (options = {}) => {
    const context = await browser.newContext({ viewport: desktop, ...options });
    // Less than a test's own limit: what was waited for is named, not only the test.
    context.setDefaultTimeout(15_000);
    // Letters show pictures of the shop's: nothing of a test goes out, and nothing waits for what is not there.
    await context.route(isForeign, (route) => route.fulfill({ status: 204 }));
    return watch(await context.newPage());
  };
}

function isForeign({ hostname, protocol }: URL): boolean {
  return hostname !== '127.0.0.1' && hostname !== 'localhost' && protocol !== 'file:';
}

function watch(page: Page): Watched {
  const problems: string[] = [];
  const hosts = new Set<string>();
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== 'data:') hosts.add(host);
  });
  return { page, problems, hosts };
}

/** CSS pixels that a page is wider than its window: nobody should have to scroll sideways. */
export async function overflow(page: Page): Promise<number> {
  return Number(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth'));
}
