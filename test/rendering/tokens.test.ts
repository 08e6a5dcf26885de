import fc from 'fast-check';
import { expect, test } from 'vitest';
import { messageToken, readToken, type TokenPurpose } from '#rendering/tokens.ts';

const purpose = fc.constantFrom<TokenPurpose>('o', 'c', 'u', 'y');
const link = fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 0xffff }));
const secret = 'a secret';

test('a token says what it was made of, and fits into an address', () => {
  fc.assert(
    fc.property(fc.uuid(), purpose, link, (messageId, what, index) => {
      const token = messageToken(secret, messageId, what, index);
      expect(token).toMatch(index < 31 ? /^[\w-]{36}$/ : /^[\w-]{39}$/);
      expect(readToken(secret, token, what)).toEqual({ messageId, link: index });
    }),
  );
});

test('a token with any character changed, cut or added says nothing', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.nat({ max: 35 }), fc.constantFrom('A', 'z', '_', ''), (messageId, at, character) => {
      const token = messageToken(secret, messageId, 'c', 3);
      const changed = token.slice(0, at) + character + token.slice(at + 1);
      expect(readToken(secret, changed, 'c')).toEqual(changed === token ? { messageId, link: 3 } : null);
      expect(readToken(secret, `${token}A`, 'c')).toBeNull();
      expect(readToken(secret, `${token}=`, 'c')).toBeNull();
    }),
  );
});

test('a token of one purpose or secret is worth nothing for another', () => {
  const token = messageToken(secret, '019ab5d0-7c00-7000-8000-000000000001', 'o');
  expect(readToken(secret, token, 'u')).toBeNull();
  expect(readToken('another secret', token, 'o')).toBeNull();
});

test.each(['', 'x', '..', '%00', 'a'.repeat(36), 'a'.repeat(39), 'я'.repeat(36)])(
  'text that is no token says nothing: %j',
  (text) => {
    expect(readToken(secret, text, 'c')).toBeNull();
  },
);
