import { afterEach, expect, test } from 'vitest';
import type { Channel } from '#channels/channel.ts';
import { createSmsChannel } from '#channels/sms/channel.ts';
import { type HttpProvider, httpProvider, type Plan } from '#test/channels/http-provider.ts';
import { shortText } from '#test/channels/short-text.ts';

const account = `AC${'0'.repeat(32)}`;
const publicUrl = 'https://crm.shop.example';
/** As https://www.twilio.com/docs/messaging/api/message-resource answers a creation. */
const created = {
  account_sid: account,
  api_version: '2010-04-01',
  body: 'Анна, корзина сохранена',
  error_code: null,
  error_message: null,
  num_segments: '1',
  sid: 'SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  status: 'queued',
};

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function serving(plan: Plan, more = '', timeLimit = 30_000): Promise<[Channel, HttpProvider]> {
  const twilio = await httpProvider(plan);
  const url = `twilio://${account}:t0ken@+15551234567?api=${twilio.url}${more}`;
  const channel = createSmsChannel(url, { publicUrl, timeLimit });
  opened.push(twilio, channel);
  return [channel, twilio];
}

function refusal(status: number, code: number, message: string, headers = {}): Plan {
  return { status, headers, body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status } };
}

test('an SMS is one form to the account, and its id is the one that later words come with', async () => {
  const [channel, twilio] = await serving({ status: 201, body: created });
  expect(channel).toMatchObject({ name: 'sms', provider: 'twilio' });
  expect(await channel.submit(shortText())).toEqual({ result: 'accepted', providerId: created.sid });
  const [asked] = twilio.asked;
  expect(asked).toMatchObject({ method: 'POST', url: `/2010-04-01/Accounts/${account}/Messages.json` });
  expect(asked?.headers.authorization).toBe(`Basic ${Buffer.from(`${account}:t0ken`).toString('base64')}`);
  expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
    To: '+79161234567',
    From: '+15551234567',
    Body: 'Анна, корзина сохранена',
    StatusCallback: `${publicUrl}/webhooks/twilio?message=019ab5d0-7c00-7000-8000-000000000001`,
  });
});

test('a messaging service sends in place of a number', async () => {
  const [, twilio] = await serving({ status: 201, body: created });
  const channel = createSmsChannel(`twilio://${account}:t@MG00Aa?api=${twilio.url}`, { publicUrl });
  await channel.submit(shortText());
  const form = new URLSearchParams(twilio.asked[0]?.body);
  expect(form.get('MessagingServiceSid')).toBe('MG00Aa');
  expect(form.has('From')).toBe(false);
});

test.each([
  [21211, "Invalid 'To' Phone Number: +79161234567", 'bounced'],
  [21614, "'To' number +7 916 123-45-67 is not a valid mobile number", 'bounced'],
  [21610, 'Attempt to send to unsubscribed recipient', 'blocked'],
  [21408, 'Permission to send an SMS has not been enabled for the region', null],
  [21617, 'The concatenated message body exceeds the 1600 character limit', null],
] as const)('error %d is for good', async (code, message, suppress) => {
  const [channel] = await serving(refusal(400, code, message));
  const outcome = await channel.submit(shortText());
  expect(outcome).toMatchObject({ result: 'refused', suppress, reason: expect.stringContaining(`${code}`) });
  expect(JSON.stringify(outcome)).not.toMatch(/916\D*123/);
});

test.each([
  [429, 20429, { 'retry-after': '7' }, 7_000],
  [429, 14107, {}, null],
  [401, 20003, {}, 300_000],
  [400, 21606, {}, 300_000],
  [400, 21611, {}, null],
  [302, 0, { location: 'https://elsewhere.example' }, 300_000],
] as const)('status %d with error %d may be tried again', async (status, code, headers, retryAfterMs) => {
  const [channel, twilio] = await serving(refusal(status, code, 'no', headers));
  expect(await channel.submit(shortText())).toMatchObject({ result: 'later', retryAfterMs });
  twilio.plan = { status: 201, body: created };
  expect(await channel.submit(shortText())).toMatchObject({ result: 'accepted' });
});

test('what may have been taken is unknown, and asked for once only', async () => {
  const plans: Plan[] = [{ status: 500, body: 'oops' }, { status: 503, body: {} }, 'drop', 'cut', 'hang', { body: {} }];
  for (const plan of plans) {
    const [channel, twilio] = await serving(plan, '', plan === 'hang' ? 1_000 : undefined);
    expect(await channel.submit(shortText())).toMatchObject({ result: 'unknown' });
    expect(twilio.asked).toHaveLength(1);
  }
});

test('nothing was sent to a server that is not there', async () => {
  const [channel, twilio] = await serving({ body: created });
  await twilio.close();
  expect(await channel.submit(shortText())).toMatchObject({ result: 'later', reason: 'no answer: ECONNREFUSED' });
});

test.each([
  '',
  '79161234567',
  '+7916',
  '+7916123456789',
  '+79161234567890123',
  '+7916123456a',
  'anna@example.com',
  '+0123456789',
])('what is no phone is refused before anybody is asked: %j', async (to) => {
  const [channel, twilio] = await serving({ body: created });
  const outcome = await channel.submit(shortText({}, { to }));
  expect(outcome).toMatchObject({ result: 'refused', suppress: 'bounced' });
  expect(twilio.asked).toEqual([]);
});

const button = { label: 'В корзину', url: 'https://crm.shop.example/t/c/x' };
test.each([
  ['', '+12133734253', 'en', {}, 'Your cart\nReply STOP to opt out'],
  ['', '+12133734253', 'en', { unsubscribeUrl: null }, 'Your cart'],
  ['', '+79161234567', 'ru', {}, 'Your cart'],
  ['&stop=RU', '+79161234567', 'ru', {}, 'Your cart\nЧтобы отписаться, ответьте СТОП'],
  ['&stop=RU', '+12133734253', 'en', {}, 'Your cart'],
  ['&stop=*', '+79161234567', 'ru', {}, 'Your cart\nЧтобы отписаться, ответьте СТОП'],
] as const)('advertising says how to stop it where that is asked for: %j, %s', async (stop, to, locale, more, body) => {
  const [channel, twilio] = await serving({ status: 201, body: created }, stop);
  await channel.submit(shortText({ text: 'Your cart' }, { to, locale, ...more }));
  expect(new URLSearchParams(twilio.asked[0]?.body).get('Body')).toBe(body);
});

test('it is said once, and a button is an address in the text, once', async () => {
  const [channel, twilio] = await serving({ status: 201, body: created }, '&stop=*');
  await channel.submit(shortText({ text: `Hi ${button.url} (STOP ends it)`, button }));
  await channel.submit(shortText({ text: 'Hi', button }));
  const bodies = twilio.asked.map(({ body }) => new URLSearchParams(body).get('Body'));
  expect(bodies).toEqual([`Hi ${button.url} (STOP ends it)`, `Hi\n${button.url}\nЧтобы отписаться, ответьте СТОП`]);
});

test('a letter is none of its business', async () => {
  const [channel] = await serving({ body: created });
  const letter = { form: 'letter', subject: 's', html: 'h', text: 't' } as const;
  await expect(channel.submit({ ...shortText(), content: letter })).rejects.toThrow('carries a text');
});
