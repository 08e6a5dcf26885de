import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advanceWhen, type ChannelStep, orderOf, type Tried, turnOf } from '#domain/cascade.ts';
import { type ChannelName, channelNames } from '#domain/journey.ts';
import { messageStates } from '#domain/ledger.ts';
import { days, hours } from './wall.ts';

const now = Date.parse('2026-05-04T09:00:00Z');
const step = (channel: ChannelName, over: Partial<ChannelStep> = {}): ChannelStep => ({
  channel,
  advanceWhen: 'not_opened',
  after: 'P1D',
  ...over,
});
const tried = (channel: ChannelName, over: Partial<Tried> = {}): Tried => ({
  channel,
  state: 'accepted',
  at: now - days(1),
  openedBy: null,
  clicked: false,
  ...over,
});
const nobody: ReadonlySet<ChannelName> = new Set();
/** DNK: e-mail; not opened → Viber; not delivered → SMS. */
const dnk = [step('email'), step('viber', { advanceWhen: 'not_delivered', after: 'PT2H' }), step('sms')];

describe('whose turn it is', () => {
  test('first the first; with it unopened after its time the next, since when that time was over', () => {
    expect(turnOf(dnk, [], nobody, now)).toEqual({ do: 'try', channel: 'email', due: null });
    expect(turnOf(dnk, [tried('email', { at: now - hours(3) })], nobody, now)).toEqual({
      do: 'wait',
      channel: 'viber',
      until: now + hours(21),
    });
    expect(turnOf(dnk, [tried('email')], nobody, now)).toEqual({ do: 'try', channel: 'viber', due: now });
  });

  test.each([
    ['a person’s open', { openedBy: 'human' } as const, 'end'],
    ['a click', { clicked: true }, 'end'],
    ['a program that loads the pictures', { openedBy: 'machine' } as const, 'try'],
    ['an open by nobody knows whom', { openedBy: 'unknown' } as const, 'try'],
    ['mere delivery', { state: 'delivered' } as const, 'try'],
  ])('%s of the e-mail', (_what, over, then) => {
    expect(turnOf(dnk, [tried('email', over)], nobody, now).do).toBe(then);
  });

  test('delivery of the Viber message spares the SMS', () => {
    const viber = (over: Partial<Tried>) => [tried('email'), tried('viber', { at: now - hours(2), ...over })];
    expect(turnOf(dnk, viber({ state: 'delivered' }), nobody, now)).toEqual({ do: 'end', because: 'answered' });
    expect(turnOf(dnk, viber({}), nobody, now)).toMatchObject({ do: 'try', channel: 'sms' });
    expect(turnOf(dnk, viber({ state: 'unknown' }), nobody, now)).toMatchObject({ do: 'try', channel: 'sms' });
  });

  test('a channel that failed hands over at once', () => {
    const bounced = tried('email', { state: 'failed', at: now - 1 });
    expect(turnOf(dnk, [bounced], nobody, now)).toEqual({ do: 'try', channel: 'viber', due: now - 1 });
  });

  test('channels without an address are passed over, also the last', () => {
    expect(turnOf(dnk, [], new Set<ChannelName>(['email']), now)).toMatchObject({ channel: 'viber' });
    expect(turnOf(dnk, [tried('email')], new Set<ChannelName>(['viber', 'sms']), now)).toMatchObject({
      because: 'answered',
    });
    expect(turnOf(dnk, [], new Set<ChannelName>(['email', 'viber', 'sms']), now)).toMatchObject({
      because: 'exhausted',
    });
  });

  test('a submission that is to be tried again is, unless the address went bad meanwhile', () => {
    const reserved = [tried('email', { state: 'reserved' })];
    expect(turnOf(dnk, reserved, nobody, now)).toEqual({ do: 'try', channel: 'email', due: null });
    expect(turnOf(dnk, reserved, new Set<ChannelName>(['email']), now)).toMatchObject({ channel: 'viber' });
  });

  test('push only if there was no action in the e-mail (mi-shop): an open is none', () => {
    const mi = [step('email', { advanceWhen: 'not_clicked' }), step('web_push')];
    expect(turnOf(mi, [tried('email', { openedBy: 'human' })], nobody, now)).toMatchObject({ channel: 'web_push' });
    expect(turnOf(mi, [tried('email', { clicked: true })], nobody, now)).toMatchObject({ do: 'end' });
  });
});

test('auto: the cheapest expected reaction first, of equal ones the likelier', () => {
  const odds: Partial<Record<ChannelName, { price: number; chance: number }>> = {
    sms: { price: 450, chance: 0.3 },
    email: { price: 5, chance: 0.001 },
    telegram: { price: 0, chance: 0.01 },
    web_push: { price: 0, chance: 0.02 },
  };
  const channels = (['sms', 'email', 'telegram', 'web_push'] as const).map((channel) => step(channel));
  const order = orderOf({ order: 'auto', channels }, (channel) => odds[channel] ?? expect.unreachable());
  expect(order.map(({ channel }) => channel)).toEqual(['web_push', 'telegram', 'sms', 'email']);
  expect(orderOf({ order: 'fixed', channels }, () => expect.unreachable())).toBe(channels);
});

const anyStep = fc.record({
  channel: fc.constantFrom(...channelNames),
  advanceWhen: fc.constantFrom(...advanceWhen),
  after: fc.constantFrom('PT0S', 'PT1H', 'P1D'),
});
const anyCascade = fc.uniqueArray(anyStep, { selector: ({ channel }) => channel, minLength: 1, maxLength: 5 });
const anyReaction = fc.record({
  state: fc.constantFrom(...messageStates.filter((state) => state !== 'reserved' && state !== 'submitting')),
  openedBy: fc.constantFrom('human' as const, 'machine' as const, 'unknown' as const, null),
  clicked: fc.boolean(),
});

test('whatever becomes of each message: every channel at most once, in order, none after an answer, and it ends', () => {
  fc.assert(
    fc.property(
      anyCascade,
      fc.array(anyReaction, { minLength: 5, maxLength: 5 }),
      fc.subarray([...channelNames]),
      (steps, fates, off) => {
        const history: Tried[] = [];
        let time = now;
        for (let asked = 0; ; asked++) {
          expect(asked).toBeLessThan(12);
          const turn = turnOf(steps, history, new Set(off), time);
          if (turn.do === 'end') break;
          if (turn.do === 'wait') {
            expect(turn.until).toBeGreaterThan(time);
            time = turn.until;
          } else {
            expect(history.map(({ channel }) => channel)).not.toContain(turn.channel);
            expect(off).not.toContain(turn.channel);
            const last = history.at(-1);
            const guard = steps.find(({ channel }) => channel === last?.channel)?.advanceWhen;
            if (last?.clicked && last.state !== 'failed' && last.state !== 'dropped') expect(guard).toBe('no_goal');
            history.push({ ...(fates[history.length] ?? expect.unreachable()), channel: turn.channel, at: time });
          }
        }
        const order = steps.map(({ channel }) => channel);
        const places = history.map(({ channel }) => order.indexOf(channel));
        expect(places).toEqual(places.toSorted((a, b) => a - b));
      },
    ),
    { numRuns: 300 },
  );
});
