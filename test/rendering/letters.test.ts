import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { locales } from '#domain/shop.ts';
import { helpers } from '#rendering/helpers.ts';
import type { GoodsLine, MessageModel } from '#rendering/model.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { cacheFile, readSources } from '#rendering/sources.ts';
import { readToken } from '#rendering/tokens.ts';
import { contract as abandonment } from '#workflows/abandonment/contract.ts';
import { contract as atRisk } from '#workflows/at-risk/contract.ts';
import { contract as lifecycle } from '#workflows/lifecycle/contract.ts';
import { contract as newModel } from '#workflows/new-model/contract.ts';
import { contract as welcome } from '#workflows/welcome/contract.ts';
import { contract as winBack } from '#workflows/win-back/contract.ts';
import { fullModel, inputOf, leastModel, minimalModel, track } from './sample.ts';

const renderer = await createRenderer();
const letters = [abandonment, atRisk, lifecycle, newModel, welcome, winBack].flatMap(({ name: journey, messages }) =>
  Object.keys(messages).flatMap((message) => locales.map((locale) => ({ journey, message, locale }))),
);
const [reminder] = letters;
if (!reminder) throw new Error('the contract has no message');

const hrefs = (html: string): string[] => [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href ?? '');
const withGoods = (model: MessageModel, change: Partial<GoodsLine>): MessageModel => ({
  ...model,
  goods: model.goods.map((line) => ({ ...line, ...change })),
});

describe.each(letters)('$journey: $message in $locale', (letter) => {
  const models = { full: fullModel(letter.locale), minimal: leastModel(letter.message, letter.locale) };

  test.each(Object.entries(models))('is whole with a %s model', (_name, model) => {
    const {
      content: { subject, html, text },
    } = renderer.render(inputOf(letter, model));
    for (const part of [subject, html, text]) expect(part).not.toMatch(/\{\{|\[\[|\bundefined\b|\bnull\b|\[object/);
    expect(subject).toMatch(/^\S.{9,59}$/u);
    expect(text.length).toBeGreaterThan(150);
    expect(Buffer.byteLength(html)).toBeLessThan(60_000);
    for (const image of html.match(/<img[^>]*>/g) ?? []) expect(image).toMatch(/ alt="/);
  });

  test.each(Object.entries(models))('counts each click and offers to unsubscribe, with a %s model', (_name, model) => {
    const {
      content: { html, text },
      links,
    } = renderer.render(inputOf(letter, model));
    const unsubscribe = `${track.publicUrl}/u/`;
    const [own, tracked] = [
      hrefs(html).filter((href) => href.startsWith(unsubscribe)),
      hrefs(html).filter((href) => !href.startsWith(unsubscribe)),
    ];
    expect(own.length).toBeGreaterThan(0);
    expect(text).toContain(own[0]);
    const indexes = tracked.map((href) => readToken(track.secret, href.replace(/^.*\/t\/c\//, ''), 'c')?.link);
    expect(new Set(indexes)).toEqual(new Set(links.keys()));
    for (const link of links) {
      expect(link).toMatch(/^https:\/\/shop\.example\//);
      expect(link).toContain(`utm_campaign=${letter.journey}&utm_content=${letter.message}`);
    }
    expect(html).toContain(`${track.publicUrl}/t/o/`);
  });

  test('survives a long and hostile name', () => {
    const name = `<script>alert(1)</script>" onload="x' {{shop.imprint}}\r\nBcc: everybody ${'very '.repeat(30)}long`;
    const {
      content: { subject, html },
    } = renderer.render(inputOf(letter, withGoods(models.full, { name })));
    expect(html).not.toMatch(/<script|" onload="/);
    expect(subject).not.toMatch(/[\r\n]/);
    expect(subject.length).toBeLessThanOrEqual(60);
  });
});

test('no letter greets a person whose name is not known', () => {
  const {
    content: { html },
  } = renderer.render(inputOf(reminder, minimalModel('en')));
  expect(html).not.toContain('Hello');
  expect(renderer.render(inputOf(reminder, fullModel('en'))).content.html).toContain('Hello, Anna!');
});

test.each(['Jean-Luc', 'Анна Мария', 'O’Neill'])('%s is a name to greet', (firstName) => {
  const model = { ...minimalModel('en'), customer: { firstName } };
  expect(renderer.render(inputOf(reminder, model)).content.text).toContain(`Hello, ${firstName}!`);
});

test.each(['win.example prize', 'http://win.example', '<b>x</b>', '10000 $', 'x'.repeat(41), '  '])(
  '%j is no name to greet, and nobody gets it from us',
  (firstName) => {
    const model = { ...minimalModel('en'), customer: { firstName } };
    expect(renderer.render(inputOf(reminder, model))).toEqual(renderer.render(inputOf(reminder, minimalModel('en'))));
  },
);

test('an address of the shop keeps its query, and its own campaign marks', () => {
  const url = 'https://shop.example/p?colour=sand&utm_source=catalogue#reviews';
  const { links } = renderer.render(inputOf(reminder, withGoods(minimalModel('en'), { url })));
  expect(links).toContain(
    'https://shop.example/p?colour=sand&utm_source=catalogue&utm_medium=email&utm_campaign=abandonment&utm_content=cart-reminder#reviews',
  );
});

test('an address that is no web address leads to the shop', () => {
  const {
    content: { html },
    links,
  } = renderer.render(inputOf(reminder, withGoods(minimalModel('en'), { url: 'javascript:alert(1)' })));
  expect(html).not.toContain('javascript');
  for (const link of links) expect(link).toMatch(/^https:\/\/shop\.example\//);
});

test('the same target is one link, in the picture, the name and the text', () => {
  const {
    content: { html, text },
    links,
  } = renderer.render(inputOf(reminder, fullModel('en')));
  const tracked = hrefs(html).filter((href) => href.includes('/t/c/'));
  expect(new Set(tracked).size).toBe(links.length);
  expect(tracked.length).toBeGreaterThan(links.length);
  for (const address of text.match(/https:\S+\/t\/c\/\S+/g) ?? []) expect(tracked).toContain(address);
});

test('prices, reductions and counts are written as the locale writes them', () => {
  const english = renderer.render(inputOf(reminder, { ...fullModel('en'), promo: null })).content.text;
  expect(english).toContain('Leather tote bag × 2\n  ₽34,900 (was ₽45,900)');
  expect(english).toContain('Total: ₽82,290');
  const russian = renderer.render(inputOf({ ...reminder, locale: 'ru' }, fullModel('ru'))).content.text;
  expect(russian.replace(/\s/g, ' ')).toContain('Кожаная сумка-тоут × 2   34 900 ₽ (было 45 900 ₽)');
  const yen = { price: { amount: 1250, currency: 'JPY' } };
  expect(renderer.render(inputOf(reminder, withGoods(minimalModel('en'), yen))).content.text).toContain('¥1,250');
});

test('a promo code comes with its end in the time of the shop, and a total that does not claim to know it', () => {
  const {
    content: { text },
  } = renderer.render(inputOf({ ...reminder, message: 'cart-promo' }, fullModel('en')));
  expect(text).toContain('Valid until 29 November at 18:00 GMT+3');
  expect(text).toContain('Total without the code: ₽82,290');
});

test('a big cart shows its beginning and says how much more there is', () => {
  const model = fullModel('en');
  const goods = Array.from({ length: 30 }, (_, index) => ({ ...model.goods[0], id: `${index}` }) as GoodsLine);
  const {
    content: { html },
  } = renderer.render(inputOf(reminder, { ...model, goods }));
  expect(html).toContain('And more in the same place: 22');
});

test('a model without what a template names is refused, not rendered with a hole', () => {
  const { cartUrl: _, ...less } = fullModel('en');
  expect(() => renderer.render(inputOf(reminder, less as MessageModel))).toThrow('the model does not have');
  const { logoUrl: _logo, ...shop } = fullModel('en').shop;
  const plain = { ...fullModel('en'), shop } as MessageModel;
  expect(() => renderer.render(inputOf(reminder, plain))).toThrow('{{if …}}');
  const { shop: _shop, ...nameless } = fullModel('en');
  expect(() => renderer.render(inputOf(reminder, nameless as MessageModel))).toThrow();
});

test('what is kept of the last start may be damaged: it is made again', async () => {
  const before = renderer.render(inputOf(reminder, fullModel('en')));
  await writeFile(cacheFile, '{"key": "cut o');
  const again = await createRenderer();
  expect(again.render(inputOf(reminder, fullModel('en')))).toEqual(before);
});

test('a message without a template names the file to add', () => {
  expect(() => renderer.render(inputOf({ ...reminder, message: 'no-such' }, fullModel('en')))).toThrow(
    'src/workflows/abandonment/messages/no-such.email.en.mjml',
  );
});

test('the guide for authors knows every helper and partial', async () => {
  const guide = await readFile(join(import.meta.dirname, '../../docs/letters.md'), 'utf8');
  const partials = Object.keys(readSources().layout).filter((file) => file.endsWith('.html.hbs'));
  for (const file of partials) expect(guide).toContain(`{{> ${file.replace('.html.hbs', '')} `);
  for (const name of Object.keys(helpers)) expect(guide).toMatch(new RegExp(`\`${name} `));
});
