import { durationMs } from './duration.ts';
import type { Money } from './money.ts';
import type { UntrueReason } from './reasons.ts';

/** Promo codes (R8): what a code is worth, for whom, and until when. */

/** What a code takes off the price. */
export type Worth = { percent: number; amount?: never } | { percent?: never; amount: Money };

/** What sizes may depend on. `spent`: minor units of orders that stand. */
export interface PromoSubject {
  kind: 'b2b' | 'b2c';
  region: string | null;
  locale: string | null;
  orders: number;
  spent: number;
  /** Names of the segments they are in. */
  segments: readonly string[];
}

const named = ['kind', 'region', 'locale'] as const;
const counted = ['orders', 'spent'] as const;

/** One thing about the customer: a value among those named, a segment among those named, or a number within bounds, both of them included. */
export type PromoRule =
  | { field: (typeof named)[number] | 'segment'; is: readonly string[] }
  | { field: (typeof counted)[number]; from?: number | undefined; to?: number | undefined };

/** `when`: all of it holds for those who get this size; nothing: for everybody. */
export type PromoSize = { name: string; when: readonly PromoRule[] } & Worth;

/** By a fixed instant (ISO 8601), or a time after the issue. */
export type PromoExpiry = { at: string; after?: never } | { at?: never; after: string };

/** A pool's settings, as one writes them to the open API. `generated`: its codes are made here, ahead of their use. */
export interface PromoPool {
  name: string;
  sizes: readonly PromoSize[];
  expiry: PromoExpiry;
  /** Fewer free codes of a size than this raise an alert. */
  lowStock: number;
  generated: { pattern: string; ahead: number; most: number | null } | null;
}

/** A code that was given to somebody. Instants are business epoch ms. */
export interface GivenCode {
  code: string;
  worth: Worth;
  expires: number;
  redeemed: boolean;
}

/** Where a message's code comes from: the settings of its journey, or of its step. */
export interface PromoSetting {
  pool: string;
}

/** Characters. */
export const longestCode = 100;

/** What a code is known by, however it is typed. */
export function codeKey(code: string): string {
  return code.trim().normalize('NFKC').toUpperCase();
}

/** The first size whose conditions all hold. */
export function sizeFor(sizes: readonly PromoSize[], subject: PromoSubject): PromoSize | null {
  return sizes.find(({ when }) => when.every((rule) => holds(rule, subject))) ?? null;
}

function holds(rule: PromoRule, subject: PromoSubject): boolean {
  if ('is' in rule) {
    if (rule.field === 'segment') return subject.segments.some((name) => rule.is.includes(name));
    const value = subject[rule.field];
    return value !== null && rule.is.includes(value);
  }
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = rule;
  const value = subject[rule.field];
  return from <= value && value <= to;
}

/** When a code ends that is issued at `issuedAt`; both business epoch ms. */
export function expiryOf({ at, after }: PromoExpiry, issuedAt: number): number {
  return at === undefined ? issuedAt + durationMs(after) : Date.parse(at);
}

/** Why nobody may be reminded of the code, or null: it is there, alive and not used yet. */
export function reminderObjection(given: GivenCode | undefined, now: number): UntrueReason | null {
  if (given === undefined) return 'no_promo_given';
  if (given.redeemed) return 'promo_redeemed';
  return given.expires <= now ? 'promo_expired' : null;
}

/** What may not become of a pool that is there, and which field says it: codes that exist stay what they are. */
export function changeObjections(
  before: Pick<PromoPool, 'name' | 'sizes' | 'generated'>,
  after: Pick<PromoPool, 'name' | 'sizes' | 'generated'>,
): { path: (string | number)[]; message: string }[] {
  const isSame = after.generated?.pattern === before.generated?.pattern;
  return [
    ...(after.name === before.name
      ? []
      : [{ path: ['name'], message: 'journeys know the pool by its name: it stays' }]),
    ...(isSame
      ? []
      : [{ path: ['generated'], message: 'codes of this pool are made another way: make a pool beside it' }]),
    ...before.sizes.flatMap((size) => {
      const place = after.sizes.findIndex(({ name }) => name === size.name);
      const changed = after.sizes[place];
      if (changed === undefined)
        return [{ path: ['sizes'], message: `must have the size ${size.name}: there are codes of it` }];
      if (isWorth(changed, size)) return [];
      return [{ path: ['sizes', place], message: 'codes of this size take off something else: add another size' }];
    }),
  ];
}

function isWorth(one: Worth, other: Worth): boolean {
  const [a, b] = [one.amount, other.amount];
  return one.percent === other.percent && a?.amount === b?.amount && a?.currency === b?.currency;
}

/** What codes are made of: nothing that is taken for something else when it is read out or typed. */
export const codeAlphabet = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';

/** The code that random bytes stand for: one of them for each `?` of the pattern. Bytes beyond the last whole round of the
 *  alphabet are left out, so that each character is as likely; null where too few are left. */
export function codeOf(pattern: string, bytes: Uint8Array): string | null {
  const usable = Math.floor(256 / codeAlphabet.length) * codeAlphabet.length;
  const letters = [...bytes].filter((byte) => byte < usable).map((byte) => codeAlphabet[byte % codeAlphabet.length]);
  let next = 0;
  const code = pattern.replaceAll('?', () => letters[next++] ?? '');
  return next > letters.length ? null : code;
}
