import { describe, expect, expectTypeOf, test } from 'vitest';
import { untrue } from '#activities/content.ts';
import type { Mind } from '#activities/mind.ts';
import type { DecisionRow, Move } from '#db/moves.ts';
import type { Decision } from '#domain/decide.ts';
import { unreachableBecause } from '#domain/reach.ts';
import {
  type BlockReason,
  codeOf,
  type DecisionReason,
  type NotEnteredReason,
  reasons,
  type UnreachableReason,
  type UntrueReason,
} from '#domain/reasons.ts';
import {
  because,
  type Decided,
  decisionInWords,
  nextStep,
  reasonInWords,
  type Speaker,
} from '#domain/reasons-words.ts';
import { locales } from '#domain/shop.ts';

const now = new Date('2026-05-10T09:00:00Z');
const english: Speaker = { locale: 'en', zone: 'Europe/Moscow', zoneFrom: 'shop', now };
const russian: Speaker = { ...english, locale: 'ru' };
const inputs = {
  contacts: [{ at: new Date('2026-05-04T07:00:00Z'), journey: 'welcome' }],
  journey: 'welcome',
  due: new Date('2026-05-05T09:00:00Z'),
  firstDue: new Date('2026-05-04T09:00:00Z'),
};

describe.each([...reasons.keys()])('%s', (code) => {
  test.each(locales)('has words and advice in %s, and nothing is left to fill in', (locale) => {
    const speaker = { ...english, locale };
    for (const reason of [code, `${code}:quiet_hours`].filter((one) => codeOf(one) !== null)) {
      const words = because(reason, inputs, speaker);
      expect(words).not.toMatch(/[{}]|undefined|null/);
      expect(words).toMatch(locale === 'en' ? /^[^а-яё]+$/i : /[а-яё]/i);
    }
    expect(nextStep(code, locale)).toMatch(/\.$/);
  });
});

test('what is written takes its reason from the table: another does not compile', () => {
  expectTypeOf<'bad_luck'>().not.toExtend<DecisionReason | NotEnteredReason | BlockReason>();
  expectTypeOf(untrue).parameter(0).toEqualTypeOf<UntrueReason>();
  expectTypeOf<
    Extract<Awaited<ReturnType<Mind['compose']>>, { untrue: unknown }>['untrue']
  >().toEqualTypeOf<UntrueReason>();
  expectTypeOf(unreachableBecause).returns.toEqualTypeOf<UnreachableReason | null>();
  expectTypeOf<Decision['reason']>().toExtend<DecisionReason>();
  expectTypeOf<DecisionRow['reason']>().toEqualTypeOf<DecisionReason>();
  expectTypeOf<NonNullable<Move['left']>['reason']>().toEqualTypeOf<BlockReason | null>();
});

test('a reason is known by its beginning; a block has the decision before it; what nobody knows stays as it is', () => {
  expect(codeOf('policy:three-a-day')).toMatchObject({ code: 'policy', argument: 'three-a-day' });
  expect(codeOf('policy:sale-share')?.code).toBe('policy:sale-share');
  expect(codeOf('drop:expired:policy:a:b')).toMatchObject({ code: 'expired', argument: 'policy:a:b' });
  expect(codeOf('exited:by_magic')?.code).toBe('exited');
  expect(codeOf('bad_luck')).toBeNull();
  expect(because('bad_luck', {}, english)).toBe('bad_luck');
  expect(reasonInWords('suppress:unreachable:no_address', english)).toBe('No address of the customer is known there.');
});

describe('a decision', () => {
  const decided = (over: Partial<Decided>, details: Record<string, unknown> = {}): Decided => ({
    at: new Date('2026-05-04T18:10:00Z'),
    step: 'cart-2',
    channel: 'email',
    decision: 'defer',
    reason: 'quiet_hours',
    until: new Date('2026-05-05T06:00:00Z'),
    ...over,
    details: { message: 'cart-still-here', zone: 'Europe/Moscow', zoneFrom: 'phone', ...details },
  });

  test('is told on the customer’s clock, with what told their zone', () => {
    expect(decisionInWords(decided({}), english)).toBe(
      'On 4 May at 21:10 (Moscow, by phone) the message cart-2 (cart-still-here, email) was put off until 5 May at 9:00, ' +
        'because it was quiet hours.',
    );
    expect(decisionInWords(decided({}), russian)).toBe(
      '4 мая в 21:10 (Москва, по телефону) сообщение cart-2 (cart-still-here, email) отложено до 5 мая в 9:00, ' +
        'потому что были тихие часы.',
    );
    const elsewhere = decided({}, { zone: 'America/New_York', zoneFrom: 'profile' });
    expect(decisionInWords(elsewhere, english)).toContain('On 4 May at 14:10 (New York, by profile)');
    const lastYear = decided({ at: new Date('2025-05-04T18:10:00Z') });
    expect(decisionInWords(lastYear, english)).toContain('4 May 2025 at 21:10');
  });

  test('names the contacts that had the places of a full rule', () => {
    const full = decided({ reason: 'policy:3-a-day', until: new Date('2026-05-04T20:00:00Z') });
    expect(decisionInWords(full, english, inputs.contacts)).toContain(
      'was put off until 23:00, because the rule 3-a-day was full: contacts on 4 May at 10:00 (welcome).',
    );
    const many = Array.from({ length: 9 }, (_, hour) => ({ at: new Date(Date.UTC(2026, 4, 4, hour)), journey: 'j' }));
    expect(decisionInWords(full, english, many)).toMatch(/contacts on …, (?:[^,]+, ){4}4 May at 11:00 \(j\)\.$/);
  });

  test('names the journey that a place is held for, and when its message is due', () => {
    const blockedBy = { runId: 'r', journey: 'welcome', due: '2026-05-05T09:00:00.000Z' };
    const held = decided({ reason: 'planned:3-a-day' }, { blockedBy });
    expect(decisionInWords(held, english)).toContain(
      'because the place under the rule 3-a-day was held for welcome, which plans a message on 5 May at 12:00.',
    );
    // What was written before it was kept, and what was erased, has no such inputs.
    expect(decisionInWords({ ...held, details: {} }, english)).toContain('was held for another journey');
  });

  test('of a run that ended names the step that it waited in', () => {
    const stop = {
      ...decided({ decision: 'stop', reason: 'goal', until: null, step: 'idle', channel: null }),
      details: {},
    };
    expect(decisionInWords(stop, english)).toContain('the message of the step idle was not sent, and the run ended,');
    expect(decisionInWords(stop, russian)).toContain('сообщение шага idle не отправлено, и цепочка закончилась,');
  });

  test('says since when it was due, and which channels were passed over', () => {
    const firstDue = '2026-05-04T09:00:00.000Z';
    const late = decided({ decision: 'drop', reason: 'expired:quiet_hours', until: null }, { firstDue });
    expect(decisionInWords(late, english)).toContain(
      'was dropped, because it was quiet hours, and after that it would have been too late: it was first due on 4 May at 12:00.',
    );
    const sent = decided({ decision: 'send', reason: 'ok', until: null }, { passedOver: { sms: 'no_consent' } });
    expect(decisionInWords(sent, english)).toMatch(
      /was sent, because nothing stood against it\. Not by sms: no consent to advertising there is recorded\.$/,
    );
  });
});
