import { describe, expect, test } from 'vitest';
import { shopSettings } from '#api/open/schemas/settings.ts';
import { defaultShop } from '#domain/shop.ts';
import { presets } from '#presets/presets.ts';
import type { MessageModel } from '#rendering/model.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { textSets } from '#rendering/sources.ts';
import { fullModel, inputFor, leastModel, minimalModel, track } from './sample.ts';

// Presets may word messages in their own way: the shop's setting `texts` names whose words count.

const renderer = await createRenderer();
const worded = renderer.templates.flatMap((one) => (one.texts === null ? [] : [{ ...one, texts: one.texts }]));
/** What the queue of an item says of it beside its good. */
const data = { hours: 16, inCatalogue: true };
const inWordsOf = (texts: string | null, model: MessageModel) => ({ ...model, data, shop: { ...model.shop, texts } });

test('only presets have texts of their own, and whose shop speaks in them is one that has some', () => {
  for (const name of textSets) expect(Object.keys(presets)).toContain(name);
  for (const { shop, name } of Object.values(presets)) expect([null, undefined, name]).toContain(shop.texts);
  expect(shopSettings.safeParse({ ...defaultShop, texts: 'second-friend-store' }).success).toBe(true);
  expect(shopSettings.safeParse({ ...defaultShop, texts: 'nobody' }).error?.issues[0]?.message).toMatch(
    /^must be one of .*second-friend-store/,
  );
});

describe.each(worded)('$texts: $journey/$message by $channel in $locale', (template) => {
  const { texts, message, channel, locale } = template;
  const least = leastModel(message, locale);
  // A letter stands on its own also where nothing of what it speaks of is left; short forms say what they were made for, as do codes.
  const isAlone = channel === 'email' && least.promo === null;
  const models = { full: fullModel(locale), least, ...(isAlone && { minimal: minimalModel(locale) }) };

  test.each(Object.entries(models))('is whole and tracked with a %s model, and not the usual text', (_name, model) => {
    const made = renderer.render(inputFor(template, channel, inWordsOf(texts, model)));
    const said = JSON.stringify(made.content);
    expect(said).not.toMatch(/\{\{|\[\[|\bundefined\b|\[object/);
    expect(said).toContain(`${track.publicUrl}/t/c/`);
    for (const link of made.links) expect(link).toContain(`utm_content=${message}`);
    const usual = renderer.render(inputFor(template, channel, inWordsOf(null, model)));
    expect(usual.content).not.toEqual(made.content);
  });
});

test('what a preset does not word is said in the journey’s own words', () => {
  const english = { journey: 'welcome', message: 'how-it-works', locale: 'en' } as const;
  const usual = renderer.render(inputFor(english, 'email', fullModel('en')));
  const theirs = renderer.render(inputFor(english, 'email', inWordsOf('second-friend-store', fullModel('en'))));
  expect(theirs).toEqual(usual);
  const russian = renderer.render(
    inputFor({ ...english, locale: 'ru' }, 'email', inWordsOf('second-friend-store', fullModel('ru'))),
  );
  expect(russian.content.subject).toBe('Что значит «встать в очередь»');
});
