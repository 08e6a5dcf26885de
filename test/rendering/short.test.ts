import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MessageContent } from '#domain/content.ts';
import { type ChannelName, channelNames } from '#domain/journey.ts';
import { locales } from '#domain/shop.ts';
import { smsSize } from '#domain/sms.ts';
import type { GoodsLine, MessageModel, Rendered } from '#rendering/model.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { limits } from '#rendering/short/limits.ts';
import { readToken } from '#rendering/tokens.ts';
import { contract } from '#workflows/abandonment/contract.ts';
import { contract as atRisk } from '#workflows/at-risk/contract.ts';
import { contract as lifecycle } from '#workflows/lifecycle/contract.ts';
import { contract as newModel } from '#workflows/new-model/contract.ts';
import { contract as welcome } from '#workflows/welcome/contract.ts';
import { contract as winBack } from '#workflows/win-back/contract.ts';
import { fullModel, inputFor, leastModel, track } from './sample.ts';

const renderer = await createRenderer();
const channels = channelNames.filter((name) => name !== 'email');
const messages = [contract, atRisk, lifecycle, newModel, welcome, winBack].flatMap(({ name: journey, messages }) =>
  Object.keys(messages).map((message) => ({ journey, message })),
);
const shorts = messages.flatMap((message) =>
  channels.flatMap((channel) => locales.map((locale) => ({ ...message, channel, locale }))),
);

/** Everything that somebody reads. */
function texts(content: MessageContent): string[] {
  if (content.form === 'push') return [content.title, content.body];
  if (content.form === 'letter') return [content.subject, content.text];
  return [content.text, content.button?.label ?? '', ...(content.approved?.parameters ?? [])];
}

/** Every address that somebody can follow. */
function addresses(content: MessageContent): string[] {
  const inText = texts(content).flatMap((text) => text.match(/https?:\/\/\S+/g) ?? []);
  if (content.form === 'push') return [content.url, ...inText];
  return content.form === 'text' && content.button ? [content.button.url, ...inText] : inText;
}

function expectTracked({ content, links }: Rendered): void {
  const found = addresses(content);
  expect(found.length).toBeGreaterThan(0);
  const indexes = found.map((url) => {
    expect(url.startsWith(`${track.publicUrl}/t/c/`)).toBe(true);
    const read = readToken(track.secret, url.slice(`${track.publicUrl}/t/c/`.length), 'c');
    expect(read?.messageId).toBe(track.messageId);
    return read?.link;
  });
  expect(new Set(indexes)).toEqual(new Set(links.keys()));
}

function expectWithinLimits(content: MessageContent, channel: ChannelName): void {
  for (const text of texts(content)) expect(text.isWellFormed()).toBe(true);
  if (content.form === 'push') {
    expect(content.title.length).toBeLessThanOrEqual(limits.push.title);
    expect(content.body.length).toBeLessThanOrEqual(limits.push.body);
  }
  if (content.form !== 'text') return;
  if (channel === 'sms') expect(smsSize(content.text).segments).toBeLessThanOrEqual(2);
  const most = { telegram: content.imageUrl ? 1024 : 4096, viber: 1000, whatsapp: 1024 }[channel as 'telegram'];
  if (most !== undefined) expect(content.text.length).toBeLessThanOrEqual(most);
  for (const parameter of content.approved?.parameters ?? []) expect(parameter).toMatch(/^\S(?:[^\n\t]{0,1022}\S)?$/);
}

describe.each(shorts)('$journey: $message by $channel in $locale', (short) => {
  const render = (model: MessageModel) => renderer.render(inputFor(short, short.channel, model));
  const models = { full: fullModel(short.locale), least: leastModel(short.message, short.locale) };

  test.each(Object.entries(models))('is whole, within its limits and tracked with a %s model', (_name, model) => {
    const rendered = render(model);
    for (const text of texts(rendered.content)) expect(text).not.toMatch(/\{\{|\bundefined\b|\bnull\b|\[object|&amp;/);
    for (const text of texts(rendered.content))
      expect(text.replaceAll('...', '…')).not.toMatch(/ {2}|\n{3}|^\s|\s$| [,.]|[.,]{2}/);
    expectWithinLimits(rendered.content, short.channel);
    expectTracked(rendered);
    for (const link of rendered.links)
      expect(link).toContain(`utm_medium=${short.channel}&utm_campaign=${short.journey}&utm_content=${short.message}`);
  });

  test('speaks its language', () => {
    const said = texts(render(models.least).content)
      .join(' ')
      .replace(/https?:\S+/g, '');
    if (short.locale === 'ru') expect(said).toMatch(/[а-яё]{4}/i);
    else expect(said).not.toMatch(/[а-яё]/i);
  });
});

test('every message goes by every channel', () => {
  const nameOf = ({
    journey,
    message,
    channel,
    locale,
  }: (typeof shorts)[number] | (typeof renderer.templates)[number]) => `${journey} ${message} ${channel} ${locale}`;
  const names = new Set(renderer.templates.filter(({ texts }) => texts === null).map(nameOf));
  for (const short of shorts) expect(names).toContain(nameOf(short));
});

test('an SMS in Russian takes two segments at most with usual values, one in English', () => {
  for (const message of messages) {
    const [russian, english] = (['ru', 'en'] as const).map(
      (locale) => renderer.render(inputFor({ ...message, locale }, 'sms', fullModel(locale))).content,
    );
    expect(smsSize(russian?.text ?? '').segments).toBeLessThanOrEqual(2);
    expect(smsSize(english?.text ?? '')).toMatchObject({ alphabet: 'gsm7' });
    expect(russian?.text).toContain('Second Shelf: ');
  }
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }),
  fc
    .array(
      fc.constantFrom(
        '👩‍👩‍👧‍👦',
        '🏳️‍🌈',
        '\u202e',
        '\u2066',
        '\r\n',
        '\u2028',
        '\ud83d',
        '\udc69',
        'я',
        'שלום',
        '{{x}}',
        '<b>',
        '€',
        ' ',
      ),
      {
        minLength: 1,
        maxLength: 300,
      },
    )
    .map((parts) => parts.join('')),
);

test('whatever goods and sections are called: within limits, the link whole, no half of a character, no turned text', () => {
  fc.assert(
    fc.property(fc.constantFrom(...shorts), hostile, fc.boolean(), (short, name, all) => {
      const named = <T extends { name: string }>(one: T) => ({ ...one, name });
      const model = all ? fullModel(short.locale) : leastModel(short.message, short.locale);
      const strange: MessageModel = {
        ...model,
        goods: model.goods.map<GoodsLine>(named),
        more: model.more.map<GoodsLine>(named),
        category: model.category && named(model.category),
        categories: model.categories.map(named),
      };
      const rendered = renderer.render(inputFor(short, short.channel, strange));
      expectWithinLimits(rendered.content, short.channel);
      expectTracked(rendered);
      for (const text of texts(rendered.content)) expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\r\u2028]/);
    }),
    { numRuns: 600 },
  );
});

const reminder = { journey: contract.name, message: 'cart-reminder', locale: 'ru' } as const;

test('a name is cut before anything else, and no further than it must be', () => {
  const model = fullModel('ru');
  const long = {
    ...model,
    goods: model.goods.map((line) => ({ ...line, name: 'Джемпер из шерсти мериноса с воротником' })),
  };
  const { content } = renderer.render(inputFor(reminder, 'sms', long));
  expect(content.text).toMatch(/^Second Shelf: ваша корзина сохранена \(Джемпер из шерсти…\): https:\S{60,}$/);
});

test('what cannot be cut enough is an error that names the template', () => {
  const input = inputFor(reminder, 'sms', fullModel('ru'));
  const far = { ...track, publicUrl: `https://${'very-'.repeat(12)}long.example` };
  expect(() => renderer.render({ ...input, track: far })).toThrow(
    /^abandonment\/messages\/cart-reminder\.sms\.ru\.txt: the text takes 3 SMS segments of \d+ characters .* 2 may be, even with names cut/,
  );
});

test('a message without what its link is about is refused', () => {
  const { cartUrl: _, ...less } = fullModel('ru');
  expect(() => renderer.render(inputFor(reminder, 'viber', less as MessageModel))).toThrow(
    'cartUrl is no text of the model',
  );
  const view = inputFor({ ...reminder, message: 'view' }, 'sms', { ...fullModel('ru'), goods: [] });
  expect(() => renderer.render(view)).toThrow();
});

test('an image that is no web address is none, and a section without an address leads to the shop', () => {
  const model = fullModel('ru', () => 'javascript:alert(1)');
  expect(renderer.render(inputFor(reminder, 'telegram', model)).content.imageUrl).toBeNull();
  expect(renderer.render(inputFor(reminder, 'web_push', fullModel('ru'))).content.imageUrl).toBe(
    'https://shop.example/images/0.jpg',
  );
  const { links } = renderer.render(inputFor({ ...reminder, message: 'category' }, 'viber', fullModel('ru')));
  expect(links).toEqual([expect.stringMatching(/^https:\/\/shop\.example\/c\/bags\?/)]);
});

test('nothing is escaped: a channel that wants it does it itself', () => {
  const model = fullModel('en');
  const goods = model.goods.map((line) => ({ ...line, name: 'Salt & <Pepper>' }));
  const { content } = renderer.render(inputFor({ ...reminder, locale: 'en' }, 'telegram', { ...model, goods }));
  expect(content.text).toContain('• Salt & <Pepper>, ₽12,490');
});

test('the approved message of WhatsApp gets the values that its text shows', () => {
  for (const message of messages)
    for (const locale of locales) {
      const { content } = renderer.render(inputFor({ ...message, locale }, 'whatsapp', fullModel(locale)));
      // Of two journeys' `offer` one says whose it is.
      expect(content.approved?.name).toMatch(new RegExp(`(^|_)${message.message.replaceAll('-', '_')}$`));
      const text = content.text.replace(/\s/g, ' ');
      for (const parameter of content.approved?.parameters ?? []) expect(text).toContain(parameter);
    }
});
