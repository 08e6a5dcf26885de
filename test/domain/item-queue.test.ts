import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QueueTurn } from '#domain/item-queue.ts';
import { type Hold, type ItemNews, itemWords, type Place, type Queue } from '#domain/item-queue-state.ts';

const settings = { enabled: true, offerWithinMs: 7_200_000 };
const lasts = 16 * 3_600_000;

/** An item's rows, as the database would keep them between two looks. */
class Rows {
  queue: Queue = {
    item: { whereabouts: 'out', saidAt: null, orderId: null, places: 0, holds: 0 },
    places: [],
    hold: null,
    gone: new Map(),
  };
  readonly served: number[] = [];
  readonly told: string[] = [];
  readonly ended = new Map<number, string>();
  now = 1_000_000;
  private ids = 0;

  look(news: readonly ItemNews[]): QueueTurn {
    const turn = new QueueTurn(this.queue, settings, () => `${++this.ids}`);
    turn.hear(news);
    turn.settle(this.now);
    const { item, endedPlaces, begun, tell } = turn.changes;
    const gone = new Map(this.queue.gone);
    for (const { place, outcome } of endedPlaces) {
      gone.set(place.customerId, outcome === 'left' ? place.joinedAt : this.now);
      this.ended.set(place.number, outcome);
    }
    for (const hold of begun) this.served.push(this.numberOf(turn, hold));
    for (const { message, iteration } of tell) this.told.push(`${message} ${iteration}`);
    this.queue = { item, places: turn.places, hold: turn.hold, gone };
    return turn;
  }

  /** A channel takes the offer, or none does. */
  answer(isTaken: boolean): void {
    const { hold } = this.queue;
    if (hold === null || hold.until !== null) return;
    const answered: Hold = isTaken
      ? { ...hold, until: this.now + lasts }
      : { ...hold, offer: { due: null, submittingMs: 0 } };
    this.queue = { ...this.queue, hold: answered };
  }

  private numberOf(turn: QueueTurn, hold: Hold): number {
    const known: Place[] = [...turn.places, ...turn.changes.endedPlaces.map(({ place }) => place)];
    return known.find(({ id }) => id === hold.placeId)?.number ?? 0;
  }
}

const step = fc.record({
  what: fc.constantFrom(...itemWords, 'taken' as const, 'failed' as const, 'nothing' as const),
  who: fc.constantFrom('anna', 'boris', 'vera', 'gleb'),
  order: fc.constantFrom('1', '2'),
  agoMs: fc.constantFrom(0, 0, 0, 1, 3_600_000),
  laterMs: fc.constantFrom(0, 1, 60_000, 3 * 3_600_000, 20 * 3_600_000),
});

test('J9 thousands of histories: never two holders, served in order, told once, and nobody waits for what is sold', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const rows = new Rows();
      for (const { what, who, order, agoMs, laterMs } of steps) {
        rows.now += laterMs;
        if (what === 'taken' || what === 'failed') rows.answer(what === 'taken');
        const isNews = what !== 'taken' && what !== 'failed' && what !== 'nothing';
        const before = rows.queue.hold;
        const waiting = rows.queue.places.map(({ number }) => number);
        const turn = rows.look(isNews ? [{ what, customerId: who, orderId: order, at: rows.now - agoMs }] : []);
        // One live hold at most, of somebody who is in the queue.
        if (before !== null && turn.hold !== null && turn.hold.id !== before.id)
          expect(turn.changes.endedHolds.map(({ hold }) => hold.id)).toContain(before.id);
        if (turn.hold !== null) expect(turn.places.map(({ id }) => id)).toContain(turn.hold.placeId);
        // Whoever waits is the first of those who wait.
        if (turn.changes.begun.length > 0)
          expect(rows.served.at(-1)).toBe(Math.min(...turn.places.map(({ number }) => number)));
        // Nobody vanishes: who waited waits, or has ended with an outcome.
        for (const number of waiting)
          expect(turn.places.some((place) => place.number === number) || rows.ended.has(number)).toBe(true);
        expect(new Set(turn.places.map(({ customerId }) => customerId)).size).toBe(turn.places.length);
        if (turn.item.whereabouts === 'sold') expect(turn.places).toEqual([]);
        // A free item that somebody waits for is offered.
        if (turn.item.whereabouts === 'free') expect(turn.hold === null).toBe(turn.places.length === 0);
        else expect(turn.hold).toBeNull();
      }
      expect(new Set(rows.told).size).toBe(rows.told.length);
    }),
    { numRuns: 5_000, seed: 9 },
  );
});

test('whatever the order in which they come, news is taken in the order in which it happened', () => {
  const news: ItemNews[] = [
    { what: 'returned', customerId: null, orderId: null, at: 10 },
    { what: 'ordered', customerId: 'anna', orderId: '1', at: 20 },
    { what: 'sold', customerId: 'anna', orderId: null, at: 20 },
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(news, { minLength: news.length }), (shuffled) => {
      const rows = new Rows();
      rows.look([{ what: 'joined', customerId: 'anna', orderId: null, at: 1 }]);
      rows.look(shuffled);
      expect([...rows.ended.values()]).toEqual(['ordered']);
      expect(rows.told).toEqual([]);
    }),
  );
});

test('what was said before they left does not bring them back; what they say after does', () => {
  const rows = new Rows();
  const say = (what: 'joined' | 'left', at: number) => rows.look([{ what, customerId: 'anna', orderId: null, at }]);
  // The leaving comes before the joining that it is about.
  say('left', 500);
  expect(say('joined', 400).places).toEqual([]);
  expect(say('joined', 600).places).toHaveLength(1);
});
