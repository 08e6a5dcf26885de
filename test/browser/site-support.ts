import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll } from 'vitest';

/** Business of a shop's website in the tests of `site.js`: its pages, its worker, and a browser that takes notifications. */

export async function listen(handler: RequestListener, host: string): Promise<string> {
  const server: Server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

/** A shop on an origin of its own, with the snippet on every page. `localhost` counts as secure, as https does elsewhere. */
export function shopSite(gateway: string, writeKey: string): Promise<string> {
  const snippet = `<script async src="${gateway}/site.js" data-write-key="${writeKey}"></script>`;
  const early = `<script>(window.vestnik ??= []).push(['track', 'Early Bird', { page: location.pathname }]);</script>`;
  return listen((request, response) => {
    const path = request.url ?? '/';
    if (path === '/vestnik-worker.js') {
      response
        .setHeader('content-type', 'text/javascript')
        .end(`${recording}\nimportScripts('${gateway}/site/worker.js');`);
    } else if (path.startsWith('/favicon')) response.writeHead(204).end();
    else {
      const head = `<title>Shop ${path}</title>${path.startsWith('/early') ? early : ''}${snippet}`;
      response
        .setHeader('content-type', 'text/html')
        .end(`<!doctype html><html><head>${head}</head><body>Shop</body></html>`);
    }
  }, 'localhost');
}

/** npm's Chromium has no place for notifications, so the worker notes what it would show and open. */
const recording = `
self.shown = [];
self.opened = [];
self.registration.showNotification = async (title, options) => void self.shown.push({ title, ...options });
self.clients.openWindow = async (url) => void self.opened.push(url);
`;

export interface FakePush {
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

/** A browser without Google's push service cannot subscribe, so subscribing is played; all else is the browser's own. */
export async function playPush(context: BrowserContext, push: FakePush): Promise<void> {
  await context.addInitScript((made: FakePush) => {
    const scope = globalThis as unknown as {
      localStorage: Storage;
      Notification: object;
      PushManager: { prototype: object };
    };
    const permission = () => scope.localStorage.getItem('test.permission') ?? 'default';
    Object.defineProperty(scope.Notification, 'permission', { get: permission });
    Object.assign(scope.Notification, {
      requestPermission: async () => {
        if (permission() === 'default') scope.localStorage.setItem('test.permission', 'granted');
        return permission();
      },
    });
    const subscriptionWith = (applicationServerKey: ArrayBuffer) => ({
      endpoint: made.endpoint,
      options: { applicationServerKey, userVisibleOnly: true },
      toJSON: () => made,
      unsubscribe: async () => {
        scope.localStorage.removeItem('test.key');
        return true;
      },
    });
    Object.assign(scope.PushManager.prototype, {
      getSubscription: async () => {
        const key = scope.localStorage.getItem('test.key');
        return key === null ? null : subscriptionWith(new Uint8Array(JSON.parse(key)).buffer);
      },
      subscribe: async ({ applicationServerKey }: { applicationServerKey: Uint8Array<ArrayBuffer> }) => {
        scope.localStorage.setItem('test.key', JSON.stringify([...applicationServerKey]));
        return subscriptionWith(applicationServerKey.buffer);
      },
    });
  }, push);
}

/** Hands a message to the page's service worker as the browser does when one comes in. */
export async function deliverPush(page: Page, data: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const registration = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const [first] = registrations;
      if (first) resolve(first.registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  const { origin } = new URL(page.url());
  await session.send('ServiceWorker.deliverPushMessage', { origin, registrationId: await registration, data });
  await session.detach();
}

/** Asks until the answer is one, at most 15 s: less than a test's own limit, so that what was waited for is named. */
export async function until<T>(ask: () => Promise<T | null | undefined | false>): Promise<T> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(25)) {
    const answer = await ask();
    if (answer) return answer;
  }
  throw new Error(`waited in vain for ${ask}`);
}
