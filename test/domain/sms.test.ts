import fc from 'fast-check';
import { expect, test } from 'vitest';
import { smsSize, smsText } from '#domain/sms.ts';

test.each([
  ['', 'gsm7', 0, 0],
  ['a'.repeat(160), 'gsm7', 160, 1],
  ['a'.repeat(161), 'gsm7', 161, 2],
  ['a'.repeat(306), 'gsm7', 306, 2],
  ['a'.repeat(307), 'gsm7', 307, 3],
  ['€'.repeat(80), 'gsm7', 160, 1],
  ['я'.repeat(70), 'ucs2', 70, 1],
  ['я'.repeat(71), 'ucs2', 71, 2],
  ['я'.repeat(134), 'ucs2', 134, 2],
  ['я'.repeat(135), 'ucs2', 135, 3],
  [`${'a'.repeat(70)}…`, 'ucs2', 71, 2],
  ['👜'.repeat(35), 'ucs2', 70, 1],
  // 33 pairs fill 66 of 67 places, and the 34th goes to the next segment whole
  ['👜'.repeat(67), 'ucs2', 134, 3],
  // 76 escaped signs fill 152 of 153
  ['€'.repeat(153), 'gsm7', 306, 3],
])('%s is %s, %d units, %d segments', (text, alphabet, units, segments) => {
  expect(smsSize(text)).toEqual({ alphabet, units, segments });
});

test('a longer text is never cheaper in units, and its segments hold it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const { alphabet, units, segments } = smsSize(text);
      expect(segments).toBeLessThanOrEqual(Math.ceil(units / (alphabet === 'gsm7' ? 152 : 66)) + 1);
      expect(segments * (alphabet === 'gsm7' ? 160 : 70)).toBeGreaterThanOrEqual(units);
      expect(smsSize(`${text}я`).units).toBeGreaterThan(alphabet === 'ucs2' ? units : 0);
    }),
  );
});

test('typographic signs are made plain where that halves the price, and only there', () => {
  expect(smsText('Anna’s “cart” — 3 × ₽1\u00a0290…')).toBe(`Anna's "cart" - 3 x RUB 1 290...`);
  expect(smsText('Корзина «ждёт»…')).toBe('Корзина «ждёт»…');
});
