import { describe, expect, test } from 'vitest';
import { type Reach, unreachableBecause } from '#domain/reach.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';

const open: Reach = { channel: 'email', address: 'address', consent: 'granted', suppressed: null };
const explicit: ShopSettings = { ...defaultShop, consent: { email: 'explicit' } };
const implied: ShopSettings = { ...defaultShop, consent: { email: 'implied' } };

describe('marketing', () => {
  test.each<[string, Partial<Reach>, ShopSettings, string | null]>([
    ['goes with an address and consent', {}, explicit, null],
    ['needs an address', { address: null }, implied, 'no_address'],
    ['stops at an unsubscribe', { consent: 'denied' }, implied, 'unsubscribed'],
    ['stops at an unsubscribe where consent is explicit', { consent: 'denied' }, explicit, 'unsubscribed'],
    ['needs consent where the shop wants it explicit', { consent: null }, explicit, 'no_consent'],
    ['goes without a word where the shop takes it as implied', { consent: null }, implied, null],
    ['stops at a hard bounce', { suppressed: 'bounced' }, implied, 'bounced'],
    ['stops at a block', { suppressed: 'blocked' }, implied, 'blocked'],
    ['stops at a complaint', { suppressed: 'complained' }, implied, 'complained'],
  ])('%s', (_, over, shop, reason) => {
    expect(unreachableBecause({ ...open, ...over }, 'marketing', shop)).toBe(reason);
  });
});

describe('service', () => {
  test.each<[string, Partial<Reach>, string | null]>([
    ['needs an address', { address: null }, 'no_address'],
    ['asks for no consent', { consent: null }, null],
    ['goes to those who unsubscribed', { consent: 'denied' }, null],
    ['goes to those who complained', { suppressed: 'complained' }, null],
    ['stops at a hard bounce', { suppressed: 'bounced' }, 'bounced'],
    ['stops at a block', { suppressed: 'blocked' }, 'blocked'],
  ])('%s', (_, over, reason) => {
    expect(unreachableBecause({ ...open, ...over }, 'service', explicit)).toBe(reason);
  });
});
