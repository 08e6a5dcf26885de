import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MessageTokens, messageToken, readToken, type TokenPurpose } from '#rendering/tokens.ts';

const purpose = fc.constantFrom<TokenPurpose>('o', 'c', 'u', 'y');
const link = fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 0xffff }));
const secret = 'a secret';

test('a token says what it was made of, and fits into an address', () => {
  fc.assert(
    fc.property(fc.uuid(), purpose, link, (messageId, what, any) => {
      const index = what === 'c' ? any : 0;
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

test('no link of a message can be made of its others', () => {
  const tokens = new MessageTokens(secret, '019ab5d0-7c00-7000-8000-000000000001');
  const links = [...Array(200).keys(), 0xfffe, 0xffff].map((index) => tokens.token('c', index));
  const all = [...links, tokens.token('o'), tokens.token('u'), tokens.token('y')];
  expect(new Set(all.map((token) => token.slice(-13))).size).toBe(all.length);
});

test('what was signed can be written in one way only', () => {
  const [short, long] = [0, 31].map((index) => {
    const bytes = Buffer.from(messageToken(secret, '019ab5d0-7c00-7000-8000-000000000001', 'c', index), 'base64url');
    return { head: bytes.subarray(0, -10), mac: bytes.subarray(-10) };
  });
  if (short === undefined || long === undefined) throw new Error('there are two');
  const padded = Buffer.concat([Buffer.from([63]), short.head.subarray(1), Buffer.from([0, 0]), short.mac]);
  expect(readToken(secret, padded.toString('base64url'), 'c')).toBeNull();
  const other = Buffer.concat([Buffer.from([long.head.readUInt8(0) & ~1]), long.head.subarray(1), long.mac]);
  expect(readToken(secret, other.toString('base64url'), 'c')).toBeNull();
});

test.each(['', 'x', '..', '%00', 'a'.repeat(36), 'a'.repeat(39), 'я'.repeat(36)])(
  'text that is no token says nothing: %j',
  (text) => {
    expect(readToken(secret, text, 'c')).toBeNull();
  },
);
