import { describe, expect, test } from 'vitest';
import { afterWord, type ConsentState, isKnown, isWanted, type Word, wordsFor } from '#domain/consent.ts';
import { type Contactability, isReachable, reachOf, unreachableBecause } from '#domain/reach.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { topics } from '#domain/topics.ts';

const purpose = 'advertising';
const word = (text: string): Word => {
  const [state = '', channel = '', topic = ''] = text.split(' ');
  return { purpose, state, channel, topic } as Word;
};
/** Words one after another, a second apart. */
const said = (...words: string[]) =>
  words.reduce<ConsentState[]>((states, text, index) => afterWord(states, word(text), (index + 1) * 1000), []);
const nobody: Contactability = {
  email: 'anna@example.com',
  phone: '+79161234567',
  telegram: null,
  devices: [],
  consents: [],
  personalData: null,
  unconfirmed: [],
  suppressions: [],
};
const knownAfter = (...words: string[]): Contactability => ({
  ...nobody,
  consents: said(...words).map(({ channel, topic, state }) => ({ channel, topic, state })),
});
const shop: ShopSettings = { ...defaultShop, channels: ['email', 'sms'] };
const wanted = (known: Contactability, channel: 'email' | 'sms') =>
  topics.filter((topic) => isWanted(known, shop, channel, topic));

describe('words one after another', () => {
  test.each<[string, string[], ReturnType<typeof wanted>, ReturnType<typeof wanted>]>([
    ['nothing said: an address is enough for e-mail, a phone is not', [], [...topics], []],
    ['a no to everything', ['denied * *'], [], []],
    ['a yes on one channel leaves the no on the others', ['denied * *', 'granted email *'], [...topics], []],
    ['a yes to one topic leaves the no to the others', ['denied email *', 'granted email offers'], ['offers'], []],
    ['both at once', ['denied * *', 'granted sms offers'], [], ['offers']],
    ['a topic is left', ['denied email offers'], ['reminders', 'novelties', 'advice'], []],
    [
      'a yes to the channel leaves the no to a topic',
      ['denied email offers', 'granted email *'],
      ['reminders', 'novelties', 'advice'],
      [],
    ],
    [
      'a no to a topic everywhere',
      ['granted sms *', 'denied * offers'],
      ['reminders', 'novelties', 'advice'],
      ['reminders', 'novelties', 'advice'],
    ],
    [
      'and a yes to it on one channel',
      ['granted sms *', 'denied * offers', 'granted sms offers'],
      ['reminders', 'novelties', 'advice'],
      [...topics],
    ],
  ])('%s', (_, words, email, sms) => {
    expect([wanted(knownAfter(...words), 'email'), wanted(knownAfter(...words), 'sms')]).toEqual([email, sms]);
  });

  test('a yes that is not later than the no never wins; a no of the same instant does', () => {
    const left = afterWord([], word('denied email *'), 1000);
    for (const at of [1, 1000]) expect(afterWord(left, word('granted email *'), at)).toEqual(left);
    const came = afterWord([], word('granted email *'), 1000);
    expect(afterWord(came, word('denied email *'), 1000)).toMatchObject([{ state: 'denied' }]);
    expect(afterWord(came, word('denied email *'), 999)).toMatchObject([{ state: 'granted' }]);
  });

  test('what is said already', () => {
    const states = said('denied * *', 'granted email *');
    expect(isKnown(states, word('denied sms offers'))).toBe(true);
    expect(isKnown(states, word('denied email *'))).toBe(false);
    expect(isKnown(states, word('granted email *'))).toBe(true);
    expect(isKnown(states, word('granted email offers'))).toBe(false);
  });
});

describe('what a form says', () => {
  test('whatever held before, afterwards what was ticked holds, and nothing else changes', () => {
    const histories = [
      [],
      ['denied * *'],
      ['denied email *'],
      ['denied email offers'],
      ['granted sms *'],
      ['granted sms offers'],
      ['denied * offers', 'granted email *'],
    ];
    for (const history of histories)
      for (const channel of ['email', 'sms'] as const)
        for (let mask = 0; mask < 16; mask += 1) {
          const ticked = topics.filter((_, index) => mask & (1 << index));
          const states = said(...history);
          const before = knownAfter(...history);
          const words = wordsFor(before, shop, channel, new Set(ticked));
          const after = words.reduce((now, one) => afterWord(now, one, 60_000), states);
          const known = { ...before, consents: after.map(({ channel, topic, state }) => ({ channel, topic, state })) };
          expect(wanted(known, channel), `${history} ${channel} ${ticked}`).toEqual(ticked);
          const other = channel === 'email' ? 'sms' : 'email';
          expect(wanted(known, other)).toEqual(wanted(before, other));
        }
  });

  test('boxes that are left as they were say nothing', () => {
    expect(wordsFor(nobody, shop, 'email', new Set(topics))).toEqual([]);
    expect(wordsFor(nobody, shop, 'sms', new Set())).toEqual([]);
    expect(wordsFor(nobody, shop, 'email', new Set())).toEqual([word('denied email *')]);
    expect(wordsFor(nobody, shop, 'sms', new Set(topics))).toEqual([word('granted sms *')]);
  });

  test('who ticks boxes on a channel that waits for confirmation has confirmed it', () => {
    const waiting = { ...knownAfter('granted email *'), unconfirmed: ['email' as const] };
    expect(wanted(waiting, 'email')).toEqual([]);
    expect(wordsFor(waiting, shop, 'email', new Set(['offers']))).toEqual([
      word('granted email *'),
      ...['reminders', 'novelties', 'advice'].map((topic) => word(`denied email ${topic}`)),
    ]);
  });
});

describe('two consents', () => {
  const strict: ShopSettings = { ...shop, personalDataConsent: 'required' };
  test.each([
    ['needed and given', 'granted', strict, null],
    ['needed and never asked', null, strict, 'no_personal_data_consent'],
    ['needed and refused', 'denied', strict, 'no_personal_data_consent'],
    ['not needed, never asked', null, shop, null],
    ['not needed and yet refused', 'denied', shop, 'no_personal_data_consent'],
  ] as const)('personal data: %s', (_, personalData, settings, reason) => {
    const known = { ...knownAfter('granted email *'), personalData };
    expect(unreachableBecause(reachOf(known, 'email'), 'marketing', settings)).toBe(reason);
    expect(unreachableBecause(reachOf(known, 'email'), 'service', settings)).toBe(null);
  });

  test('a yes that waits for confirmation is none, and service messages do not wait for it', () => {
    const known = { ...knownAfter('granted email *'), unconfirmed: ['email' as const] };
    expect(unreachableBecause(reachOf(known, 'email'), 'marketing', shop)).toBe('unconfirmed');
    expect(isReachable(known, shop)).toBe(false);
    expect(isReachable(known, shop, '*', 'service')).toBe(true);
  });
});
