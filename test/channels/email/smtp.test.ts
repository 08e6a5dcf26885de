import { afterEach, expect, test } from 'vitest';
import type { Channel, OutgoingMessage } from '#channels/channel.ts';
import { createSmtpChannel } from '#channels/email/smtp/channel.ts';
import { type SmtpSettings, smtpSettings } from '#channels/email/smtp/settings.ts';
import { type FaultyServer, faultyServer, type Plan } from './smtp.ts';

const content = {
  form: 'letter',
  subject: 'Анна, ваша корзина сохранена: платок, сумка и ещё кое-что',
  html: '<p>Здравствуйте, Анна! Цена 12 490 ₽</p>',
  text: 'Здравствуйте, Анна! Цена 12 490 ₽',
} as const;
const letter: OutgoingMessage = {
  id: '019ab5d0-7c00-7000-8000-000000000001',
  journey: 'abandonment',
  template: 'cart-reminder',
  kind: 'marketing',
  to: 'anna@example.com',
  from: { name: 'Вторая полка, «магазин»', email: 'hello@shop.example' },
  locale: 'ru',
  devices: [],
  content,
  unsubscribeUrl: `https://mail.shop.example/u/${'t'.repeat(42)}`,
};

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function serving(plan: Plan = {}, more: Partial<SmtpSettings> = {}): Promise<[Channel, FaultyServer]> {
  const server = await faultyServer(plan);
  const channel = createSmtpChannel(smtpSettings(`smtp://127.0.0.1:${server.port}`, more));
  opened.push(server, channel);
  return [channel, server];
}

test('a letter arrives whole, with our id and the headers that receivers ask for', async () => {
  const [channel, { received }] = await serving();
  expect(await channel.submit(letter)).toEqual({ result: 'accepted', providerId: null });
  const { email, raw } = received[0] ?? expect.unreachable();
  expect(email.from).toMatchObject({ name: letter.from.name, address: letter.from.email });
  expect(email.subject).toBe(content.subject);
  expect(email.text?.trim()).toBe(content.text);
  expect(email.html?.trim()).toBe(content.html);
  expect(email.messageId).toBe(`<${letter.id}@shop.example>`);
  const headers = Object.fromEntries(email.headers.map(({ key, value }) => [key, value]));
  expect(headers).toMatchObject({
    'list-unsubscribe': `<${letter.unsubscribeUrl}>`,
    'list-unsubscribe-post': 'List-Unsubscribe=One-Click',
    'feedback-id': 'cart-reminder:abandonment:marketing:shop.example',
    'x-vestnik-message': letter.id,
    precedence: 'bulk',
  });
  // Not every server on the way takes eight bits or long lines (RFC 5322, 2.1.1).
  expect(raw).toMatch(/^[\x20-\x7e\r\n\t]*$/);
  for (const line of raw.split('\r\n')) expect(line.length).toBeLessThan(200);
});

test('a service letter has nothing to unsubscribe from', async () => {
  const [channel, { received }] = await serving();
  await channel.submit({ ...letter, kind: 'service', unsubscribeUrl: null });
  const keys = received[0]?.email.headers.map(({ key }) => key);
  expect(keys).toContain('auto-submitted');
  expect(keys?.filter((key) => key.startsWith('list-') || key === 'precedence')).toEqual([]);
});

test('bounces go where they are wanted', async () => {
  const [channel, server] = await serving({}, { envelopeFrom: 'bounces@shop.example' });
  server.plan = { answers: { RCPT: '450 4.2.0 who are you' } };
  expect(await channel.submit(letter)).toMatchObject({ result: 'later' });
  server.plan = {};
  expect(await channel.submit(letter)).toMatchObject({ result: 'accepted' });
});

test('many letters share few connections, and each arrives once', async () => {
  const [channel, server] = await serving({}, { maxConnections: 3 });
  const letters = Array.from({ length: 60 }, (_, index) => ({
    ...letter,
    id: `${letter.id.slice(0, -2)}${index + 10}`,
  }));
  const results = await Promise.all(letters.map((one) => channel.submit(one)));
  expect(new Set(results.map(({ result }) => result))).toEqual(new Set(['accepted']));
  expect(new Set(server.received.map(({ email }) => email.messageId)).size).toBe(60);
  expect(server.connections).toBeLessThanOrEqual(3);
});

test.each([
  ['MAIL', '550 5.7.1 we do not take your mail', null],
  ['RCPT', '550 5.1.1 <anna@example.com>: no such user', 'bounced'],
  ['RCPT', '553 5.1.3 bad address', 'bounced'],
  ['RCPT', '550 5.7.1 blocked by policy', null],
  ['RCPT', '550 no such user, it seems', null],
  ['DATA', '554 5.6.0 content refused for anna@example.com', null],
] as const)('at %s, %j is for good', async (stage, answer, suppress) => {
  const [channel, { received }] = await serving({ answers: { [stage]: answer } });
  const outcome = await channel.submit(letter);
  expect(outcome).toMatchObject({ result: 'refused', suppress });
  expect(JSON.stringify(outcome)).toContain(answer.slice(0, 9));
  expect(JSON.stringify(outcome)).not.toContain('anna@');
  expect(received).toEqual([]);
});

test.each([
  ['MAIL', '451 4.3.0 try later'],
  ['RCPT', '450 4.2.1 greylisted'],
  ['DATA', '452 4.3.1 out of space'],
  ['MAIL', '421 4.3.2 shutting down'],
  ['DATA', '421 4.3.2 shutting down'],
] as const)('at %s, %j may be tried again', async (stage, answer) => {
  const [channel, server] = await serving({ answers: { [stage]: answer } });
  expect(await channel.submit(letter)).toMatchObject({ result: 'later', retryAfterMs: null });
  server.plan = {};
  expect(await channel.submit(letter)).toMatchObject({ result: 'accepted' });
  expect(server.received).toHaveLength(1);
});

test('a wrong password says nothing about the letter', async () => {
  const plan: Plan = { auth: true, answers: { AUTH: '535 5.7.8 wrong password' } };
  const [channel] = await serving(plan, { auth: { user: 'shop', pass: 'wrong' } });
  expect(await channel.submit(letter)).toMatchObject({ result: 'later' });
});

test('a server that is not there, or has no address, is tried later', async () => {
  const [, server] = await serving();
  await server.close();
  for (const address of [`smtp://127.0.0.1:${server.port}`, 'smtp://no-such-host.invalid:25']) {
    const channel = createSmtpChannel(smtpSettings(address));
    opened.push(channel);
    expect(await channel.submit(letter)).toMatchObject({ result: 'later' });
  }
});

test('a connection lost before the content went out proves that nothing was taken', async () => {
  const [channel, server] = await serving({ fault: 'drop-before-content' });
  expect(await channel.submit(letter)).toMatchObject({ result: 'later' });
  expect(server.received).toEqual([]);
});

test('a connection lost after the content went out proves nothing, and nothing is sent again', async () => {
  const [channel, server] = await serving({ fault: 'drop-reply' });
  expect(await channel.submit(letter)).toMatchObject({ result: 'unknown' });
  expect(server.received).toHaveLength(1);
});

test('a server that takes the content and says no more is not waited for longer than the limit', async () => {
  const [channel, server] = await serving({ fault: 'stall-reply' }, { timeLimit: 300 });
  expect(await channel.submit(letter)).toMatchObject({ result: 'unknown' });
  expect(server.received).toHaveLength(1);
});

test('a server that falls silent before the content is tried later', async () => {
  const [channel, server] = await serving({ fault: 'stall-recipient' }, { timeLimit: 300 });
  expect(await channel.submit(letter)).toMatchObject({ result: 'later' });
  expect(server.received).toEqual([]);
});

test('a kept connection that the server has ended costs nothing', async () => {
  const [channel, server] = await serving();
  expect(await channel.submit(letter)).toMatchObject({ result: 'accepted' });
  server.hangUp();
  expect(await channel.submit(letter)).toMatchObject({ result: 'accepted' });
  expect(server.received).toHaveLength(2);
});

test.each(['a@b>\r\nRCPT TO:<everybody@example.com', 'a@example.com, b@example.com', 'nobody', '@example.com'])(
  'what is not one address is refused before it reaches a server: %j',
  async (to) => {
    const [channel, server] = await serving();
    expect(await channel.submit({ ...letter, to })).toMatchObject({ result: 'refused', suppress: 'bounced' });
    expect(server.connections).toBe(0);
  },
);

test.each([
  ['smtp://mail.example', { host: 'mail.example', port: 587, secure: false, auth: null }],
  ['smtps://u%40shop:p%3Aw@mail.example', { port: 465, secure: true, auth: { user: 'u@shop', pass: 'p:w' } }],
  ['smtp://[::1]:2525', { host: '::1', port: 2525 }],
])('%s is understood', (url, settings) => {
  expect(smtpSettings(url)).toMatchObject(settings);
});

test.each(['', 'mail.example', 'http://mail.example', 'smtp://'])('%j is no SMTP address', (url) => {
  expect(() => smtpSettings(url)).toThrow('smtp://user:password@host:587');
});
