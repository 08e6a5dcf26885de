import { expect, test } from 'vitest';
import { settingsReader } from '#activities/settings-reader.ts';
import { factsWith } from './situations.ts';

function counting() {
  const parsed: unknown[] = [];
  const parse = (value: unknown) => {
    parsed.push(value);
    return { ...(value as object), known: true };
  };
  return { parsed, settingsOf: settingsReader({ parse }, (raw) => ({ raw })) };
}

test('a version is parsed once, as the schema completes it', () => {
  const { parsed, settingsOf } = counting();
  const first = settingsOf(factsWith({ a: 1 }));
  expect(first).toEqual({ raw: { a: 1, known: true } });
  expect(settingsOf(factsWith({ a: 1 }))).toBe(first);
  expect(parsed).toEqual([{ a: 1 }]);
});

test('where nobody has saved settings, what the schema makes of nothing holds', () => {
  const { settingsOf } = counting();
  expect(settingsOf({ settings: { journey: null, shop: null, policy: null } })).toEqual({ raw: { known: true } });
});

test('of a thousand versions it keeps those that were used last', () => {
  const { parsed, settingsOf } = counting();
  for (let version = 0; version < 1000; version += 1) {
    settingsOf(factsWith({ version }));
    settingsOf(factsWith({ version: 'in use' }));
  }
  expect(parsed.filter((value) => JSON.stringify(value).includes('in use'))).toHaveLength(1);
  parsed.length = 0;
  settingsOf(factsWith({ version: 999 }));
  expect(parsed).toEqual([]);
  settingsOf(factsWith({ version: 0 }));
  expect(parsed).toEqual([{ version: 0 }]);
});
