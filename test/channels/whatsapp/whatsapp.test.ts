import { afterEach, expect, test } from 'vitest';
import type { Channel } from '#channels/channel.ts';
import { createWhatsappChannel, type WhatsappOptions } from '#channels/whatsapp/channel.ts';
import { type HttpProvider, httpProvider, type Plan } from '#test/channels/http-provider.ts';
import { shortText } from '#test/channels/short-text.ts';

const publicUrl = 'https://crm.shop.example';
const wamid = 'wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA';
/** As the Cloud API's reference shows it. */
const taken: Plan = {
  body: {
    messaging_product: 'whatsapp',
    contacts: [{ input: '+79161234567', wa_id: '79161234567' }],
    messages: [{ id: wamid, message_status: 'accepted' }],
  },
};

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function serving(plan: Plan, more: Partial<WhatsappOptions> = {}): Promise<[Channel, HttpProvider]> {
  const meta = await httpProvider(plan);
  const url = `whatsapp://EAAGtoken@106540352242922?api=${meta.url}`;
  const channel = createWhatsappChannel(url, { publicUrl, timeLimit: 30_000, ...more });
  opened.push(meta, channel);
  return [channel, meta];
}

const approved = { name: 'cart_reminder', parameters: ['Анна', 'платок,\n\tсумка', ''] };

test('an approved template carries its places, its picture and its button, and our id', async () => {
  const [channel, { asked }] = await serving(taken);
  const button = { label: 'В корзину', url: `${publicUrl}/t/c/abc?x=1` };
  const outcome = await channel.submit(shortText({ approved, button, imageUrl: 'https://shop.example/1.jpg' }));
  expect(outcome).toEqual({ result: 'accepted', providerId: wamid });
  expect(asked[0]).toMatchObject({ method: 'POST', url: '/v23.0/106540352242922/messages' });
  expect(asked[0]?.headers).toMatchObject({ authorization: 'Bearer EAAGtoken', 'content-type': 'application/json' });
  expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '+79161234567',
    biz_opaque_callback_data: '019ab5d0-7c00-7000-8000-000000000001',
    type: 'template',
    template: {
      name: 'cart_reminder',
      language: { code: 'ru' },
      components: [
        { type: 'header', parameters: [{ type: 'image', image: { link: 'https://shop.example/1.jpg' } }] },
        {
          type: 'body',
          parameters: [
            { type: 'text', text: 'Анна' },
            { type: 'text', text: 'платок, сумка' },
            { type: 'text', text: '–' },
          ],
        },
        { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: 't/c/abc?x=1' }] },
      ],
    },
  });
});

test('a template that has no places is named alone, and a button of its own is left as it was approved', async () => {
  const [channel, { asked }] = await serving(taken);
  const button = { label: 'Магазин', url: 'https://shop.example/' };
  await channel.submit(shortText({ approved: { name: 'hello', parameters: [] }, button }, { locale: 'en' }));
  expect(JSON.parse(asked[0]?.body ?? '').template).toEqual({ name: 'hello', language: { code: 'en' } });
});

test('a free text goes only to who has written within a day', async () => {
  const asks: string[] = [];
  let isOpen = false;
  const windowOpen = async (phone: string) => asks.push(phone) > 0 && isOpen;
  const [channel, { asked }] = await serving(taken, { windowOpen });
  expect(await channel.submit(shortText())).toMatchObject({ result: 'refused', suppress: null });
  expect(asked).toEqual([]);
  isOpen = true;
  expect(await channel.submit(shortText())).toMatchObject({ result: 'accepted' });
  expect(asks).toEqual(['+79161234567', '+79161234567']);
  expect(JSON.parse(asked[0]?.body ?? '')).toMatchObject({ type: 'text', text: { body: 'Анна, корзина сохранена' } });
  const [without] = await serving(taken);
  expect(await without.submit(shortText())).toMatchObject({ result: 'refused' });
});

test('to who has written within a day a free text goes in place of the template', async () => {
  const [channel, { asked }] = await serving(taken, { windowOpen: async () => true });
  await channel.submit(shortText({ approved }));
  expect(JSON.parse(asked[0]?.body ?? '')).toMatchObject({ type: 'text', text: { body: 'Анна, корзина сохранена' } });
});

test('a free text with a button, a picture or both', async () => {
  const [channel, { asked }] = await serving(taken, { windowOpen: async () => true });
  const button = { label: 'Вернуться в корзину магазина', url: 'https://shop.example/cart' };
  const imageUrl = 'https://shop.example/1.jpg';
  await channel.submit(shortText({ text: 'Hi', button, imageUrl }));
  await channel.submit(shortText({ text: 'Hi', imageUrl }));
  const [both, image] = asked.map(({ body }) => JSON.parse(body));
  expect(both).toMatchObject({
    type: 'interactive',
    interactive: {
      type: 'cta_url',
      header: { type: 'image', image: { link: imageUrl } },
      body: { text: 'Hi' },
      action: { name: 'cta_url', parameters: { display_text: 'Вернуться в корзину ', url: button.url } },
    },
  });
  expect(image).toMatchObject({ type: 'image', image: { link: imageUrl, caption: 'Hi' } });
});

/** As the Graph API says no. */
function refusal(status: number, code: number, details: string, headers = {}): Plan {
  const error_data = { messaging_product: 'whatsapp', details };
  const error = { message: `(#${code}) no`, type: 'OAuthException', code, error_data, fbtrace_id: 'AbC' };
  return { status, headers, body: { error } };
}

test.each([
  [400, 131026, 'Message undeliverable to +79161234567'],
  [400, 131047, 'More than 24 hours have passed'],
  [400, 131049, 'Not delivered to maintain healthy ecosystem engagement'],
  [400, 131050, 'The user has stopped marketing messages'],
  [400, 132001, 'Template name does not exist in the translation'],
  [404, 132001, 'Template name does not exist in the translation'],
  [400, 131009, 'Parameter value is not valid'],
  [500, 131026, 'Message undeliverable'],
])('status %d with error %d is for good, and says nothing of the address', async (status, code, details) => {
  const [channel] = await serving(refusal(status, code, details));
  const outcome = await channel.submit(shortText({ approved }));
  expect(outcome).toMatchObject({ result: 'refused', suppress: null, reason: expect.stringContaining(`${code}`) });
  expect(JSON.stringify(outcome)).not.toContain('9161234567');
});

test.each([
  [429, 130429, { 'retry-after': '5' }, 5_000],
  [400, 80007, {}, null],
  [400, 131056, {}, null],
  [400, 131048, {}, null],
  [503, 131016, {}, null],
  [401, 190, {}, 300_000],
  [403, 10, {}, 300_000],
  [400, 131042, {}, 300_000],
  [429, 999999, {}, null],
] as const)('WhatsApp’s status %d with error %d may be tried again', async (status, code, headers, retryAfterMs) => {
  const [channel, meta] = await serving(refusal(status, code, 'wait', headers));
  expect(await channel.submit(shortText({ approved }))).toMatchObject({ result: 'later', retryAfterMs });
  meta.plan = taken;
  expect(await channel.submit(shortText({ approved }))).toMatchObject({ result: 'accepted' });
});

test('a token that has expired is said so that somebody mends it', async () => {
  const [channel] = await serving(refusal(401, 190, 'Session has expired'));
  const outcome = await channel.submit(shortText({ approved }));
  expect(outcome).toMatchObject({ reason: expect.stringContaining('check the token') });
  expect(JSON.stringify(outcome)).not.toContain('EAAGtoken');
});

test('what WhatsApp may have taken is unknown, and asked for once only', async () => {
  const plans: Plan[] = [
    refusal(500, 131000, 'Something went wrong'),
    { status: 502, body: 'bad gateway' },
    'drop',
    'cut',
    'hang',
    { body: {} },
  ];
  for (const plan of plans) {
    const [channel, meta] = await serving(plan, { timeLimit: plan === 'hang' ? 1_000 : 30_000 });
    expect(await channel.submit(shortText({ approved }))).toMatchObject({ result: 'unknown' });
    expect(meta.asked).toHaveLength(1);
  }
});

test('what is no phone is refused before WhatsApp is asked', async () => {
  const [channel, { asked }] = await serving(taken);
  const outcome = await channel.submit(shortText({ approved }, { to: '12345' }));
  expect(outcome).toMatchObject({ result: 'refused', suppress: 'bounced' });
  expect(asked).toEqual([]);
});

test.each(['whatsapp://token@name', 'whatsapp://106540352242922', 'https://graph.facebook.com', 'whatsapp'])(
  '%s is no address of it',
  (url) => {
    expect(() => createWhatsappChannel(url, { publicUrl })).toThrow('whatsapp://TOKEN@PHONE_NUMBER_ID');
  },
);
