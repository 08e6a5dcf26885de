import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { createTransport } from 'nodemailer';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmailChannel } from '#channels/email/channel.ts';
import { createInbox, type Inbox, type InboxOptions } from '#inbox/inbox.ts';

let dir: string;
const opened: { close(): unknown }[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'inbox-'));
});
afterEach(async () => {
  await closeAll();
  await rm(dir, { recursive: true, force: true });
});

async function closeAll(): Promise<void> {
  for (const one of opened.splice(0).reverse()) await one.close();
}

type Items = Record<string, string & Record<string, string>>[];

interface Running {
  inbox: Inbox;
  get(path: string): Promise<Response>;
  items(query?: string): Promise<Items>;
}

async function open(options: Partial<InboxOptions> = {}): Promise<Running> {
  const inbox = await createInbox({ dir, smtpPort: 0, ...options });
  const server: Server = createServer(express().use(inbox.router));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  opened.push(inbox, { close: () => new Promise((done) => server.close(done)) });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = (path: string) => fetch(`${base}${path}`, { headers: { connection: 'close' } });
  const items = async (query = '') => {
    const answer = (await (await get(`/dev/inbox.json${query}`)).json()) as { items: Items };
    return answer.items;
  };
  return { inbox, get, items };
}

async function send({ smtpUrl }: Inbox, to: string[], subject = 'Корзина ждёт'): Promise<void> {
  const channel = await createEmailChannel(smtpUrl);
  for (const address of to) {
    const id = crypto.randomUUID();
    const about = {
      journey: 'abandonment',
      template: 'cart-reminder',
      kind: 'marketing',
      unsubscribeUrl: 'https://s.example/u/1',
    } as const;
    const content = {
      form: 'letter',
      subject,
      html: '<html><head></head><body><p>Цена 12 490 ₽</p></body></html>',
      text: 'Цена 12 490 ₽',
    } as const;
    const result = await channel.submit({
      id,
      to: address,
      from: { name: 'Полка', email: 'hello@s.example' },
      ...about,
      ...{ locale: 'ru', devices: [], content },
    });
    expect(result).toMatchObject({ result: 'accepted' });
  }
  await channel.close();
}

test('what is sent is there at once, newest first, with its parts read', async () => {
  const { inbox, items } = await open();
  await send(inbox, ['anna@example.com', 'boris@example.com', 'anna@example.com']);
  expect((await items()).map(({ to }) => to)).toEqual(['anna@example.com', 'boris@example.com', 'anna@example.com']);
  const [one, ...others] = await items('?to=BORIS@example.com');
  expect(others).toEqual([]);
  expect(one).toMatchObject({ to: 'boris@example.com', from: 'Полка <hello@s.example>', subject: 'Корзина ждёт' });
  expect(one?.text?.trim()).toBe('Цена 12 490 ₽');
  expect(one?.html).toContain('<p>Цена 12 490 ₽</p>');
  expect(one?.headers?.['list-unsubscribe']).toBe('<https://s.example/u/1>');
  expect(one?.messageId).toMatch(/^<[-0-9a-f]{36}@s\.example>$/);
  expect(Math.abs(Date.parse(one?.receivedAt ?? '') - Date.now())).toBeLessThan(60_000);
});

test('an address is matched whole by `to`, in part by `search`', async () => {
  const { inbox, items } = await open();
  await send(inbox, ['ann@example.com', 'joann@example.com']);
  expect(await items('?to=ann@example.com')).toHaveLength(1);
  expect(await items('?to=ann')).toHaveLength(0);
  expect(await items('?search=ann@')).toHaveLength(2);
  expect(await items('?search=%D0%BA%D0%BE%D1%80%D0%B7%D0%B8%D0%BD%D0%B0&limit=1')).toHaveLength(1);
});

test('each message tells its channel, and only those of one can be asked for', async () => {
  const { inbox, items } = await open();
  await send(inbox, ['anna@example.com']);
  const transport = createTransport(inbox.smtpUrl);
  const headers = { 'X-Vestnik-Channel': 'sms', 'X-Vestnik-To': '+79161234567' };
  await transport.sendMail({ from: 'a@s.example', to: 'x@sms.sandbox.invalid', subject: 'Hi', text: 'Hi', headers });
  transport.close();
  expect(await items('?channel=sms')).toMatchObject([{ channel: 'sms', to: '+79161234567' }]);
  expect(await items('?channel=email')).toMatchObject([{ channel: 'email', to: 'anna@example.com' }]);
  expect(await items('?channel=viber')).toEqual([]);
  expect(await items('?to=%2B7 916 123-45-67&channel=sms')).toHaveLength(1);
  expect(await items('?to=%2B79161234567&channel=viber')).toEqual([]);
  expect(await items()).toHaveLength(2);
});

test('a restart keeps what was there', async () => {
  const first = await open();
  await send(first.inbox, ['anna@example.com', 'boris@example.com']);
  const before = await first.items();
  await closeAll();
  await writeFile(join(dir, 'notes.txt'), 'not a message');
  const second = await open();
  await send(second.inbox, ['clara@example.com']);
  expect(await second.items()).toMatchObject([{ to: 'clara@example.com' }, ...before]);
});

test('only so many of the newest are kept', async () => {
  const { inbox, items } = await open({ most: 3 });
  await send(inbox, ['a@example.com', 'b@example.com', 'c@example.com', 'd@example.com', 'e@example.com']);
  expect((await items()).map(({ to }) => to)).toEqual(['e@example.com', 'd@example.com', 'c@example.com']);
  expect(await readdir(dir)).toHaveLength(3);
});

test('a message is shown in each form, and runs no script', async () => {
  const { inbox, items, get } = await open();
  await send(inbox, ['anna@example.com']);
  const [{ id = '' } = {}] = await items();
  const html = await get(`/dev/inbox/${id}/html`);
  expect(html.headers.get('content-security-policy')).toMatch(/^sandbox (?!.*allow-scripts).*default-src 'none'/);
  expect(await html.text()).toContain('<base target="_blank">');
  expect(await (await get(`/dev/inbox/${id}/text`)).text()).toContain('Цена');
  const source = await get(`/dev/inbox/${id}/source`);
  expect(source.headers.get('content-type')).toMatch(/^text\/plain/);
  expect(await source.text()).toMatch(/^Return-Path: <hello@s\.example>\r\nX-Original-To: anna@example\.com\r\n/);
});

test.each(['/dev/inbox/..%2F..%2Fetc%2Fpasswd/source', '/dev/inbox/1/html', '/dev/inbox/0000000000000-0000/text'])(
  '%s is not found',
  async (path) => {
    const { get } = await open();
    expect((await get(path)).status).toBe(404);
  },
);

test('the page loads what it needs from here alone', async () => {
  const { get } = await open();
  const page = await get('/dev/inbox');
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  const files = [...(await page.text()).matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, file]) => file ?? '');
  expect(files).toHaveLength(2);
  for (const file of files) expect((await get(file)).status).toBe(200);
});

test.each([
  ['nothing at all', '\r\n'],
  ['no headers', '\r\njust text\r\n'],
  ['headers alone', 'Subject: hello\r\n'],
  ['bytes of no charset', Buffer.from([0x53, 0x3a, 0xff, 0xfe, 0x00, 0x0d, 0x0a, 0x0d, 0x0a, 0xff])],
])('a message of %s is kept and shown', async (_what, raw) => {
  const { inbox, items } = await open();
  const transport = createTransport(inbox.smtpUrl);
  await transport.sendMail({ envelope: { from: '', to: ['a@example.com', 'b@example.com'] }, raw });
  transport.close();
  expect(await items('?to=b@example.com')).toMatchObject([{ to: 'a@example.com, b@example.com' }]);
});

test('a port in use is told in one sentence', async () => {
  const { inbox } = await open();
  const port = Number(new URL(inbox.smtpUrl).port);
  await expect(createInbox({ dir, smtpPort: port })).rejects.toThrow(
    `cannot listen on port ${port}: stop what uses it`,
  );
});
