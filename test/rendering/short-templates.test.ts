import { expect, test } from 'vitest';
import { compileShort } from '#rendering/short/compile.ts';
import { templateName } from '#rendering/sources.ts';

const where = 'abandonment/messages/view.viber.ru.txt';
const front = (...lines: string[]) => `---\n${lines.join('\n')}\n---\n`;

test('a template is its front matter and its text', () => {
  const source = `${front('button: "Открыть"', 'url: goods.[0].url', 'image: [goods.[0].imageUrl]')}Текст`.replace(
    '[goods.[0].imageUrl]',
    'goods.[0].imageUrl',
  );
  expect(compileShort(source, 'viber', where)).toEqual({
    form: 'text',
    text: 'Текст',
    button: { label: 'Открыть', url: ['goods.[0].url'] },
    image: ['goods.[0].imageUrl'],
    approved: null,
    segments: 2,
  });
  const push = `${front('title: "Привет"', 'url: [category.url, shop.url]')}Текст`;
  expect(compileShort(push, 'web_push', where)).toMatchObject({
    form: 'push',
    url: ['category.url', 'shop.url'],
    image: [],
  });
});

test.each([
  ['a button without a link', 'viber', `${front('button: "Открыть"')}Текст`, 'a button has both'],
  ['a link without a button', 'telegram', `${front('url: cartUrl')}Текст`, 'a button has both'],
  [
    'a link that is no path',
    'viber',
    `${front('button: "Да"', 'url: "{{cartUrl}}"')}Т`,
    '`url` in the front matter must be a path',
  ],
  ['a push without a title', 'app_push', `${front('url: cartUrl')}Текст`, 'give it a `title`'],
  ['a push without a link', 'app_push', `${front('title: "Привет"')}Текст`, '`url` in the front matter must be a path'],
  ['WhatsApp without an approved message', 'whatsapp', 'Текст', 'give it `approved: {name: cart_reminder'],
  [
    'parameters that are no list',
    'whatsapp',
    `${front('approved: {name: a, parameters: b}')}Т`,
    '`parameters` of `approved`',
  ],
  [
    'a field that the channel has not',
    'sms',
    `${front('button: "Открыть"')}Текст`,
    'has "button"; for sms it may have segments',
  ],
  ['segments out of reason', 'sms', `${front('segments: 0')}Текст`, '`segments` must be a whole number'],
  ['front matter that is no YAML', 'viber', `${front('button: "a')}Текст`, 'its front matter is no YAML'],
  ['front matter that does not end', 'viber', '---\nbutton: "a"\nТекст', 'end its front matter'],
  [
    'an address that is not counted',
    'sms',
    'Корзина: {{cartUrl}}',
    '{{cartUrl}} counts no click: write {{track cartUrl}}',
  ],
  ['one behind a condition', 'sms', '{{#if promo}}{{goods.[0].url}}{{/if}}', 'write {{track goods.0.url}}'],
  ['an address written out', 'viber', 'Корзина: https://shop.example', 'an address in the text counts no click'],
  ['words that are too many for an SMS', 'sms', 'я'.repeat(135), 'takes 3 SMS segments of 135 characters'],
  [
    'words that are too many whichever way is gone',
    'sms',
    `{{#if promo}}${'я'.repeat(135)}{{else}}Да{{/if}}`,
    '3 SMS segments',
  ],
  ['words that are too many for Viber', 'viber', 'я'.repeat(1001), 'the text has 1001 characters; 1000 may be'],
  ['words that are too many for Telegram', 'telegram', 'я'.repeat(4097), 'the text has 4097 characters; 4096 may be'],
  [
    'words that are too many beside an image',
    'telegram',
    `${front('image: cartUrl')}${'я'.repeat(1025)}`,
    '1024 may be',
  ],
  [
    'a title that is too long',
    'web_push',
    `${front(`title: ${'я'.repeat(51)}`, 'url: cartUrl')}Т`,
    'the title has 51 characters; 50 may be',
  ],
  ['a push that is too long', 'web_push', `${front('title: Да', 'url: cartUrl')}${'я'.repeat(151)}`, '150 may be'],
  [
    'a parameter that is too long',
    'whatsapp',
    `${front(`approved: {name: a, parameters: [${'я'.repeat(1025)}]}`)}Т`,
    'parameter 1 has 1025',
  ],
  [
    'a label that is cut',
    'whatsapp',
    `${front(`button: ${'я'.repeat(21)}`, 'url: cartUrl', 'approved: {name: a}')}Т`,
    'the button has 21',
  ],
] as const)('%s is refused with the name of the file', (_what, channel, source, fault) => {
  expect(() => compileShort(source, channel, where)).toThrow(fault);
  expect(() => compileShort(source, channel, where)).toThrow(where);
});

test('a list in a text may be empty, and words that only a longer SMS holds are allowed by its setting', () => {
  expect(() => compileShort(`{{#each goods}}${'я'.repeat(200)}{{/each}}Да`, 'sms', where)).not.toThrow();
  expect(() => compileShort(`${front('segments: 3')}${'я'.repeat(200)}`, 'sms', where)).not.toThrow();
});

test.each([
  ['view.email.ru.mjml', ['email']],
  ['view.sms.en.txt', ['sms']],
  ['view.push.en.txt', ['web_push', 'app_push']],
  ['view.app_push.en.txt', ['app_push']],
])('%s is a template of %j', (file, channels) => {
  expect(templateName(file)?.channels).toEqual(channels);
});

test.each([
  'view.email.ru.txt',
  'view.sms.ru.mjml',
  'view.pigeon.ru.txt',
  'view.sms.de.txt',
  'view.sms.txt',
  'a.b.sms.ru.txt',
])('%s is the name of no template', (file) => {
  expect(templateName(file)).toBeNull();
});
