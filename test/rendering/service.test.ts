import { describe, expect, test } from 'vitest';
import { locales } from '#domain/shop.ts';
import { smsSize } from '#domain/sms.ts';
import { exampleOf, filled } from '#domain/template-variables.ts';
import type { MessageModel } from '#rendering/model.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { ourTemplates } from '#workflows/variables.ts';
import { fullModel, track } from './sample.ts';

const renderer = await createRenderer();
const texts = [...ourTemplates.values()].flatMap(({ name: message, journey, variables, channels }) =>
  channels.flatMap((channel) => locales.map((locale) => ({ message, journey, variables, channel, locale }))),
);

describe.each(texts)('$message by $channel in $locale', ({ message, journey, variables, channel, locale }) => {
  const { shop } = fullModel(locale);
  const nothing = { goods: [], more: [], category: null, categories: [], promo: null };
  const render = (given: 'all' | 'required', firstName: string | null) => {
    const data = filled(variables, exampleOf(variables, given));
    const model: MessageModel = { shop, customer: { firstName }, cartUrl: shop.cartUrl, data, ...nothing };
    return renderer.render({ journey, message, channel, locale, model, track, kind: 'service' });
  };

  test.each([
    ['all', 'Anna'],
    ['required', null],
  ] as const)('is whole with %s of its variables, and offers nothing to unsubscribe from', (given, firstName) => {
    const { content } = render(given, firstName);
    const said = JSON.stringify(content);
    expect(said).not.toMatch(/\{\{|\[\[|\bundefined\b|\bnull\b(?!,|\})|\[object/);
    expect(said).not.toContain(`${track.publicUrl}/u/`);
    if (content.form === 'letter') expect(content.subject).toMatch(/^\S.{9,59}$/u);
    if (channel === 'sms' && content.form === 'text') expect(smsSize(content.text).segments).toBeLessThanOrEqual(2);
    const words = said.replace(/https?:[^"\\]+|<[^>]*>/g, '');
    expect(/[а-яё]{4}/i.test(words)).toBe(locale === 'ru');
  });
});

test('a link that its data brings leads there directly, and is kept nowhere; others are counted', () => {
  const { shop } = fullModel('en');
  const link = 'https://shop.example/reset/secret?token=1';
  const nothing = { goods: [], more: [], category: null, categories: [], promo: null };
  const model = {
    shop,
    customer: { firstName: null },
    cartUrl: shop.cartUrl,
    data: { link, validUntil: null },
    ...nothing,
  };
  const input = {
    journey: 'message',
    message: 'password-reset',
    channel: 'email',
    locale: 'en',
    model,
    track,
  } as const;
  const { content, links } = renderer.render(input);
  expect(content.html).toContain(`href="${link.replace('=', '&#x3D;')}"`);
  expect(content.text).toContain(link);
  expect(links.join(' ')).not.toContain('secret');
  expect(content.html).toContain(`${track.publicUrl}/t/c/`);
});
