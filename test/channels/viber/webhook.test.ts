import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { viberWebhook } from '#channels/viber/webhook.ts';
import { rawWebhook } from '#test/channels/raw-webhook.ts';

const token = '445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9';
const read = (body: unknown) => viberWebhook.read(rawWebhook(typeof body === 'string' ? body : JSON.stringify(body)));

/** The callbacks of developers.viber.com/docs/api/rest-bot-api; the token of a message is more than a double holds. */
const seen =
  '{"event":"seen","timestamp":1457764197627,"message_token":4912661846655238145,"user_id":"jc9HsWTZ2Yf2NkRZ8KcNug=="}';

test('the signature is that of the bytes under one of the tokens', async () => {
  const signature = createHmac('sha256', token).update(seen).digest('hex');
  const check = (raw: string, given: string | undefined, secrets: string[]) =>
    viberWebhook.check(rawWebhook(raw, given === undefined ? {} : { 'x-viber-content-signature': given }), secrets, 0);
  expect(await check(seen, signature, ['another', token])).toBe('genuine');
  expect(await check(seen, signature, ['another'])).toBe('wrong');
  expect(await check(seen.replace('seen', 'sean'), signature, [token])).toBe('wrong');
  expect(await check(seen, undefined, [token])).toBe('wrong');
  expect(await check(seen, '', [token])).toBe('wrong');
  expect(await check(seen, signature, [])).toBe('wrong');
});

test('a status is of the message whose token it names, exactly', () => {
  expect(read(seen)).toEqual([
    {
      kind: 'read',
      key: '4912661846655238145:read',
      channel: 'viber',
      message: { providerId: '4912661846655238145' },
      address: null,
      at: 1_457_764_197_627,
      by: null,
      reason: null,
    },
  ]);
});

test.each([
  [seen.replace('"seen"', '"delivered"'), { kind: 'delivered', reason: null }],
  [
    seen.replace('"seen"', '"failed"').replace('}', ',"desc":"no Viber at +79161234567"}'),
    { kind: 'failed', reason: 'Viber: no Viber at [number]' },
  ],
])('Viber calls: %s', (raw, event) => {
  expect(read(raw)).toMatchObject([event]);
});

test.each([
  { event: 'webhook', timestamp: 1457764197627, message_token: 241256543215, chat_hostname: 'SN-CHAT-01_' },
  {
    event: 'conversation_started',
    timestamp: 1457764197627,
    message_token: 5,
    type: 'open',
    user: { id: '01234567890A=' },
  },
  { event: 'subscribed', timestamp: 1457764197627, user: { id: '01234567890A=' }, message_token: 6 },
  { event: 'delivered', timestamp: 1 },
  { event: 'constructor', message_token: 7 },
  // Nobody of ours is known by such an id.
  { event: 'unsubscribed', timestamp: 1457764197627, user_id: '01234567890A=', message_token: 8 },
])('$event tells nothing', (body) => {
  expect(read(body)).toEqual([]);
});

test('who unsubscribes, or answers with the word, is known by the phone', () => {
  const gone = { event: 'unsubscribed', timestamp: 1457764197627, user_id: '79161234567', message_token: 8 };
  expect(read(gone)).toMatchObject([{ kind: 'stopped', key: '8:stopped', message: null, address: '+79161234567' }]);
  const said = (text: string) => ({
    event: 'message',
    timestamp: 1457764197627,
    message_token: 9,
    sender: { id: '79161234567', name: 'Анна' },
    message: { type: 'text', text, tracking_data: '' },
  });
  expect(read(said('Стоп'))).toMatchObject([{ kind: 'stopped', key: '9:stopped', address: '+79161234567' }]);
  expect(read(said('Где заказ?'))).toEqual([]);
});

/** A delivery report of Infobip's, as its client libraries are tested with. */
const report = {
  bulkId: 'a28dd97c-2222-4fcf-99f1-0b557ed381da',
  price: { pricePerMessage: 0.15, currency: 'EUR' },
  status: {
    groupId: 3,
    groupName: 'DELIVERED',
    id: 5,
    name: 'DELIVERED_TO_HANDSET',
    description: 'Message delivered to handset',
  },
  error: { groupId: 0, groupName: 'OK', id: 0, name: 'NO_ERROR', description: 'No Error', permanent: false },
  messageId: '2250be2d4219-3af1-78856-aabe-1362af1edfd2',
  to: '441134960001',
  sender: '441134960000',
  sentAt: '2019-04-09T16:00:58.000-0300',
  doneAt: '2019-04-09T16:01:56.000-0300',
  messageCount: 1,
  mccMnc: '22801',
  callbackData: 'Callback data',
};

test('reports come in lists', () => {
  const failed = {
    ...report,
    messageId: 'm-2',
    status: {
      groupName: 'UNDELIVERABLE',
      name: 'UNDELIVERABLE_NOT_DELIVERED',
      description: 'Message sent not delivered',
    },
    error: { name: 'EC_USER_NOT_ON_VIBER', description: 'no user at 441134960001' },
  };
  const pending = { ...report, status: { groupName: 'PENDING' } };
  expect(read({ results: [report, failed, pending, null, 1] })).toEqual([
    {
      kind: 'delivered',
      key: `${report.messageId}:delivered`,
      channel: 'viber',
      message: { providerId: report.messageId },
      address: '+441134960001',
      at: Date.UTC(2019, 3, 9, 19, 1, 56),
      by: null,
      reason: null,
    },
    expect.objectContaining({
      kind: 'failed',
      key: 'm-2:failed',
      reason:
        'the provider reports UNDELIVERABLE_NOT_DELIVERED Message sent not delivered EC_USER_NOT_ON_VIBER no user at [number]',
    }),
  ]);
  const opened = {
    messageId: 'm-1',
    from: 'SHOP',
    to: '441134960001',
    sentAt: report.sentAt,
    seenAt: '2019-04-09T16:09:00.000-0300',
  };
  expect(read({ results: [opened] })).toMatchObject([
    { kind: 'read', key: 'm-1:read', at: Date.UTC(2019, 3, 9, 19, 9) },
  ]);
});

test('an answer with the word stops', () => {
  const answer = {
    sender: '385912345678',
    to: 'SHOP',
    integrationType: 'VIBER',
    receivedAt: '2020-04-01T11:02:43.594+0000',
    messageId: '1234567890123456789',
    message: { text: 'stop', type: 'TEXT' },
  };
  expect(read({ results: [answer], messageCount: 1 })).toMatchObject([
    { kind: 'stopped', key: '1234567890123456789:stopped', message: null, address: '+385912345678' },
  ]);
  expect(read({ results: [{ ...answer, message: { text: 'thank you', type: 'TEXT' } }] })).toEqual([]);
});

test.each([
  [{ status: 'failed', requestId: 'f6a7', code: 11000, message: 'Viber send error' }, 'failed'],
  [{ status: 'expired', requestId: 'f6a7', code: 11003, message: 'Viber message has expired' }, 'failed'],
  [{ status: 'seen', requestId: 'f6a7', code: 11002 }, 'read'],
  [{ status: { state: 'undelivered' }, message_id: 'f6a7' }, 'failed'],
])('one report alone, in words of another partner: %j', (body, kind) => {
  expect(read(body)).toMatchObject([{ kind, message: { providerId: 'f6a7' } }]);
});

test.each(['', '[]', '{}', 'null', '{"a":1}'])('%j is in nobody’s shape', (raw) => {
  expect(read(raw)).toBeNull();
});

test('nothing is answered: Viber would show it as a welcome', () => {
  expect(viberWebhook.thanks).toMatchObject({ status: 200, body: '' });
});
