import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OutgoingMessage } from '#channels/channel.ts';
import { createSandbox, createSandboxChannel } from '#channels/sandbox/channel.ts';
import { channelFacts } from '#domain/channels.ts';
import type { MessageContent } from '#domain/content.ts';
import { type ChannelName, channelNames } from '#domain/journey.ts';
import { createInbox, type Inbox } from '#inbox/inbox.ts';
import { type Mail, mailTo } from '#test/support/mail.ts';

let inbox: Inbox;
let dir: string;
let mails: (to: string) => Promise<Mail[]>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sandbox-'));
  inbox = await createInbox({ dir, smtpPort: 0 });
  mails = await mailTo(inbox);
});
afterAll(async () => {
  await inbox.close();
  await rm(dir, { recursive: true, force: true });
});

const letter: MessageContent = { form: 'letter', subject: 'Корзина', html: '<p>Ждёт</p>', text: 'Ждёт' };
const short: MessageContent = {
  form: 'text',
  text: 'Ваша корзина ждёт',
  button: { label: 'Перейти', url: 'https://shop.example/t/c/1' },
  imageUrl: 'https://shop.example/1.jpg',
  approved: { name: 'cart_reminder', parameters: ['Лампа', '1 290 ₽'] },
};
const push: MessageContent = {
  form: 'push',
  title: 'Корзина ждёт',
  body: 'Лампа в наличии',
  url: 'https://shop.example/t/c/1',
  imageUrl: null,
};

function message(content: MessageContent, more: Partial<OutgoingMessage>): OutgoingMessage {
  return {
    id: crypto.randomUUID(),
    journey: 'abandonment',
    template: 'cart-reminder',
    kind: 'marketing',
    locale: 'ru',
    to: '',
    devices: [],
    from: { name: 'Полка', email: 'hello@shop.example' },
    content,
    unsubscribeUrl: 'https://shop.example/u/1',
    ...more,
  };
}

async function sent(channel: ChannelName, outgoing: OutgoingMessage) {
  const sandbox = createSandboxChannel(channel, inbox.smtpUrl);
  const result = await sandbox.submit(outgoing);
  await sandbox.close();
  return result;
}

describe('a message of a channel that has no provider', () => {
  test.each([
    ['telegram', '123456789'],
    ['sms', '+79161234567'],
    ['viber', '+79161234568'],
    ['whatsapp', '+79161234569'],
  ] as const)(
    '%s: is found by %s as it is known to the shop, with all that the channel would show',
    async (channel, to) => {
      expect(await sent(channel, message(short, { to }))).toMatchObject({ result: 'accepted' });
      const [mail, ...others] = await mails(to);
      expect(others).toEqual([]);
      expect(mail).toMatchObject({ channel, to, subject: 'Ваша корзина ждёт' });
      expect(mail?.text.trim().split('\n\n')).toEqual([
        'Ваша корзина ждёт',
        '[Перейти] https://shop.example/t/c/1',
        '(image) https://shop.example/1.jpg',
        '(approved) cart_reminder: ["Лампа","1 290 ₽"]',
      ]);
      expect(mail?.headers['list-unsubscribe']).toBe('<https://shop.example/u/1>');
    },
  );

  test('a phone is found however it is written', async () => {
    await sent('sms', message(short, { to: '+79031112233' }));
    for (const to of ['79031112233', ' 79031112233', '+7 (903) 111-22-33']) expect(await mails(to)).toHaveLength(1);
    expect(await mails('+79031112234')).toEqual([]);
  });

  test.each(['web_push', 'app_push'] as const)('%s: is one message to all devices', async (channel) => {
    const devices = ['https://push.example/send/abc:DEF_1', `token-of-${channel}`].map((address) => ({
      address,
      keys: null,
    }));
    expect(await sent(channel, message(push, { devices }))).toMatchObject({ result: 'accepted' });
    const [mail] = await mails(`token-of-${channel}`);
    expect(mail).toMatchObject({ channel, subject: 'Корзина ждёт' });
    expect(mail?.to).toBe(`https://push.example/send/abc:DEF_1, token-of-${channel}`);
    expect(JSON.parse(mail?.text ?? '')).toEqual({ title: push.title, body: push.body, url: push.url, imageUrl: null });
  });

  test('a letter keeps its parts and is found by its address', async () => {
    expect(await sent('email', message(letter, { to: 'anna@example.com' }))).toMatchObject({ result: 'accepted' });
    const [mail] = await mails('ANNA@example.com');
    expect(mail).toMatchObject({ channel: 'email', subject: 'Корзина' });
    expect(mail?.html).toContain('<p>Ждёт</p>');
  });

  test('one without a recipient, or of another form, is not taken', async () => {
    expect(await sent('sms', message(short, {}))).toEqual({
      result: 'refused',
      reason: 'there is no recipient',
      suppress: null,
    });
    await expect(sent('sms', message(letter, { to: '+7' }))).rejects.toThrow('its channel carries a text');
  });
});

test('nothing that goes to a sandbox could be delivered, whatever server its address names', async () => {
  const content = { letter, text: short, push };
  for (const channel of Object.values(createSandbox(inbox.smtpUrl))) {
    const { form } = channelFacts[channel.name];
    const to = form === 'letter' ? 'boris@example.com' : `+7916000000${channelNames.indexOf(channel.name)}`;
    expect(channel.provider).toBe('sandbox');
    expect(await channel.submit(message(content[form], { to }))).toMatchObject({ result: 'accepted' });
    await channel.close();
    const [mail] = await mails(to);
    expect(mail?.channel).toBe(channel.name);
    const domain = `${channel.name.replace('_', '-')}.sandbox.invalid`;
    expect(mail?.headers['x-original-to']).toMatch(new RegExp(`^[\\w+-]+@${domain}$`));
    expect(mail?.headers.to).toBe(mail?.headers['x-original-to']);
  }
});

test('a sandbox that is not there is tried again later', async () => {
  const sandbox = createSandboxChannel('sms', 'smtp://127.0.0.1:1');
  expect(await sandbox.submit(message(short, { to: '+79160000000' }))).toMatchObject({ result: 'later' });
  await sandbox.close();
});
