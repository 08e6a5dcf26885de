import fc from 'fast-check';
import { expect, test } from 'vitest';
import { said } from '#channels/http/outcome.ts';
import { phoneOf } from '#channels/phone.ts';
import { gatewayWebhook } from '#channels/sms/gateway-webhook.ts';
import { smscWebhook } from '#channels/sms/smsc-webhook.ts';
import { smsruWebhook } from '#channels/sms/smsru-webhook.ts';
import { twilioWebhook } from '#channels/sms/twilio-webhook.ts';
import { isStopWord } from '#channels/stop-words.ts';
import { viberWebhook } from '#channels/viber/webhook.ts';
import { whatsappWebhook } from '#channels/whatsapp/webhook.ts';
import { providerEventKinds } from '#domain/provider-event.ts';
import { rawWebhook } from '#test/channels/raw-webhook.ts';

const webhooks = { gatewayWebhook, twilioWebhook, smscWebhook, smsruWebhook, whatsappWebhook, viberWebhook };

/** Names and words that the parsers look for, so that what is made up gets past the first look. */
const names = fc.constantFrom(
  ...[
    'object',
    'entry',
    'changes',
    'value',
    'statuses',
    'messages',
    'user_preferences',
    'errors',
    'text',
    'body',
    'results',
  ],
  ...[
    'event',
    'message_token',
    'status',
    'id',
    'messageId',
    'sender',
    'message',
    'MessageSid',
    'MessageStatus',
    'Body',
    'phone',
  ],
  ...['data[0]', 'hash', 'md5', '__proto__', 'constructor', 'toString'],
);
const words = fc.constantFrom(
  ...[
    'whatsapp_business_account',
    'delivered',
    'failed',
    'read',
    'seen',
    'unsubscribed',
    'stop',
    'constructor',
    '103',
    '20',
  ],
  ...['sms_status\n1\n103', '\n\n\n', '+79161234567'],
);
const leaf = fc.oneof(words, fc.string({ unit: 'binary' }), fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    leaf,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.array(fc.tuple(names, tie('tree')), { maxLength: 8 }).map((pairs) => Object.fromEntries(pairs)),
  ),
}));
const form = fc
  .array(fc.tuple(names, fc.oneof(words, fc.string({ unit: 'binary' }))), { maxLength: 8 })
  .map((pairs) => new URLSearchParams(pairs).toString());
const bodies = fc.oneof(
  tree.map((one) => JSON.stringify(one) ?? ''),
  form,
  fc.uint8Array().map((one) => Buffer.from(one)),
);
const addresses = fc.oneof(
  fc.constantFrom('https://crm.example/webhooks/x', '/webhooks/x', ''),
  form.map((query) => `https://crm.example/webhooks/x?${query}&message=1&proof=%ff&hub.mode=subscribe`),
);

test.each(Object.entries(webhooks))(
  '%s believes nothing unsigned and reads anything without a throw',
  (_name, webhook) => {
    fc.assert(
      fc.property(
        bodies,
        addresses,
        fc.string({ unit: 'binary' }),
        fc.constantFrom('GET', 'POST'),
        (raw, url, header, method) => {
          const delivery = { ...rawWebhook(raw, {}, { url, method }), header: () => header };
          expect(webhook.check(delivery, ['a secret of ours', 'verify:a word of ours'], 0)).toBe('wrong');
          for (const event of webhook.read(delivery) ?? []) {
            expect(providerEventKinds).toContain(event.kind);
            expect(event.key.length).toBeGreaterThan(0);
            expect(event.message !== null || event.address !== null).toBe(true);
            if (event.reason !== null) expect(event.reason.length).toBeLessThanOrEqual(300);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  },
);

test('a million signs of anything cost no time', () => {
  // Of this process alone: what else the machine does is no fault of theirs.
  const began = process.cpuUsage();
  for (const long of ['9', '9 ', 'a@', '@', '(', 'СТОП ', '{"a":'].map((one) => one.repeat(300_000))) {
    said(long);
    isStopWord(long);
    phoneOf(`+7${long}`);
    for (const webhook of Object.values(webhooks)) webhook.read(rawWebhook(long));
  }
  const { user } = process.cpuUsage(began);
  expect(user / 1000).toBeLessThan(3_000);
});

test('no phone and no address gets through in a provider’s words', () => {
  const phones = ['+79161234567', '79161234567', '8 (916) 123-45-67', '+1 415 555-0123', '+44.20.7946.0958'];
  fc.assert(
    fc.property(fc.constantFrom(...phones, 'anna@example.com'), fc.lorem(), fc.lorem(), (address, before, after) => {
      expect(said('Twilio answered 400', 21211, `${before} ${address} ${after}`)).not.toContain(address);
    }),
  );
  expect(said('Twilio answered 400', 21211, 'no such number')).toBe('Twilio answered 400 21211 no such number');
});
