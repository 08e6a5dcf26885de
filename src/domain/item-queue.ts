import type {
  Changes,
  Hold,
  HoldEvent,
  HoldOutcome,
  Item,
  ItemNews,
  ItemState,
  Offer,
  Place,
  PlaceOutcome,
  Queue,
  QueueSettings,
  Whereabouts,
} from './item-queue-state.ts';

/**
 * The reservation queue of one item (J9, `docs/reservation.md`), as pure rules: what news makes of it, who is offered the item
 * next and who has to be told. Rows in PostgreSQL are the queue; these rules say what is to be changed in them. Instants are
 * business epoch ms.
 */

/** One look at the queue: news in, then deadlines, then the next offer. */
export class QueueTurn {
  readonly changes: Changes;
  places: Place[];
  hold: Hold | null;
  private readonly gone: Map<string, number>;
  private readonly settings: QueueSettings;
  private readonly makeId: () => string;

  constructor(queue: Queue, settings: QueueSettings, makeId: () => string) {
    this.places = [...queue.places];
    this.hold = queue.hold;
    this.gone = new Map(queue.gone);
    this.settings = settings;
    this.makeId = makeId;
    const item = { ...queue.item };
    this.changes = { item, joined: [], endedPlaces: [], begun: [], endedHolds: [], tell: [], events: [] };
  }

  get item(): Item {
    return this.changes.item;
  }

  get state(): ItemState {
    if (this.item.whereabouts !== 'free' || this.hold === null) return this.item.whereabouts;
    return this.hold.until === null ? 'offered' : 'held';
  }

  /** Somebody asks by themselves, so that it is surely said now. */
  ask(does: 'join' | 'leave', customerId: string, now: number): void {
    this.gone.delete(customerId);
    if (does === 'join') this.join(customerId, now);
    else if (this.placeOf(customerId) !== undefined) this.leave(customerId, now);
  }

  /** In the order in which things happened, whatever the order in which they came; at one instant a return comes first and a
   *  sale last. */
  hear(news: readonly ItemNews[]): void {
    const rank = ({ what }: ItemNews) => (what === 'sold' ? 1 : what === 'returned' ? -1 : 0);
    for (const one of news.toSorted((a, b) => a.at - b.at || rank(a) - rank(b))) this.one(one);
  }

  /** Ends what is over by now, and offers a free item to whoever is next. */
  settle(now: number): void {
    this.endForsaken();
    if (this.hold !== null) this.endOver(this.hold, now);
    const [first] = this.places;
    const { enabled } = this.settings;
    if (enabled && this.item.whereabouts === 'free' && this.hold === null && first) this.offer(first, now);
  }

  /** Ends everything: nobody waits any more. */
  dissolve(outcome: 'stopped'): void {
    this.endHold(outcome);
    for (const place of [...this.places]) this.end(place, outcome);
  }

  /** When this must be looked at again; null where only news can change anything. */
  wakeAt(now: number): number | null {
    if (this.hold === null) return null;
    const { until, offer } = this.hold;
    return until ?? Math.max(this.lapsesAt(offer, now), now + offer.submittingMs);
  }

  /** 0: the item is kept for them. Null: they are not in the queue. */
  positionOf(customerId: string): number | null {
    const place = this.places.find((one) => one.customerId === customerId);
    if (place === undefined) return null;
    const waiting = this.places.filter(({ id }) => id !== this.hold?.placeId);
    return waiting.indexOf(place) + 1;
  }

  private one(news: ItemNews): void {
    const { what, customerId, at } = news;
    if (what === 'joined') {
      if (customerId !== null) this.join(customerId, at);
    } else if (what === 'left') {
      if (customerId !== null) this.leave(customerId, at);
    } else if (at >= (this.item.saidAt ?? Number.NEGATIVE_INFINITY)) {
      this.moved(news);
    }
  }

  private join(customerId: string, at: number): void {
    if (this.placeOf(customerId) !== undefined) return;
    // Said before they left, and heard after.
    if (at <= (this.gone.get(customerId) ?? Number.NEGATIVE_INFINITY)) return;
    const isSold = this.item.whereabouts === 'sold';
    if (isSold && at > (this.item.saidAt ?? 0)) return;
    const place = this.enter(customerId, at);
    // Who was told that they wait hears that it is over.
    if (isSold) this.tellSold(place);
  }

  private enter(customerId: string, at: number): Place {
    this.item.places += 1;
    const place = { id: this.makeId(), customerId, number: this.item.places, joinedAt: at };
    this.changes.joined.push(place);
    this.places.push(place);
    return place;
  }

  private leave(customerId: string, at: number): void {
    const place = this.placeOf(customerId);
    if (place === undefined) {
      if (at <= (this.gone.get(customerId) ?? Number.NEGATIVE_INFINITY)) return;
      // Came before the joining that it is about: kept, so that this one does not count when it comes.
      this.end(this.enter(customerId, at), 'left');
      this.gone.set(customerId, at);
    } else if (at >= place.joinedAt) {
      this.end(place, 'left');
      this.gone.set(customerId, at);
    }
  }

  private moved({ what, customerId, orderId, at }: ItemNews): void {
    const { item } = this;
    if (what === 'out') {
      this.goes('out', at, null);
      this.served(customerId, 'fitting');
      this.endHold('withdrawn');
    } else if (what === 'returned') {
      this.goes('free', at, null);
    } else if (what === 'cancelled') {
      if (item.whereabouts === 'ordered' && item.orderId === orderId) this.goes('free', at, null);
    } else if (what === 'sold') {
      this.goes('sold', at, item.orderId);
      this.served(customerId, 'ordered');
      this.overtake();
      for (const place of [...this.places]) this.tellSold(place);
    } else if (what === 'ordered' && item.whereabouts !== 'sold') {
      if (item.whereabouts === 'ordered' && item.orderId === orderId) return;
      this.goes('ordered', at, orderId);
      this.served(customerId, 'ordered');
      this.overtake();
    }
  }

  private goes(whereabouts: Whereabouts, at: number, orderId: string | null): void {
    Object.assign(this.item, { whereabouts, saidAt: at, orderId });
  }

  /** Who got what they waited for waits no more. */
  private served(customerId: string | null, outcome: 'ordered' | 'fitting'): void {
    const place = customerId === null ? undefined : this.placeOf(customerId);
    if (place !== undefined) this.end(place, outcome);
  }

  /** The shop is the authority: whoever ordered it has it. */
  private overtake(): void {
    const place = this.holder();
    if (this.hold === null || place === undefined) return;
    const { hold } = this;
    this.end(place, 'overtaken');
    this.changes.tell.push({ message: 'overtaken', place, hold, iteration: hold.number });
  }

  private tellSold(place: Place): void {
    this.end(place, 'sold');
    this.changes.tell.push({ message: 'item-sold', place, hold: null, iteration: place.number });
  }

  /** A hold whose place was ended by others (erasure). */
  private endForsaken(): void {
    if (this.hold !== null && this.holder() === undefined) this.endHold('erased');
  }

  private endOver(hold: Hold, now: number): void {
    const place = this.holder();
    if (place === undefined) return;
    if (hold.until !== null && hold.until <= now) {
      this.end(place, 'expired');
      this.changes.tell.push({ message: 'hold-cancelled', place, hold, iteration: hold.number });
    } else if (
      hold.until === null ? hold.offer.submittingMs === 0 && this.lapsesAt(hold.offer, now) <= now : hold.isBounced
    ) {
      this.end(place, 'unreachable');
    }
  }

  /** An offer that failed on every channel is over at once. */
  private lapsesAt({ due }: Offer, now: number): number {
    return due === null ? now : due + this.settings.offerWithinMs;
  }

  private offer(place: Place, now: number): void {
    this.item.holds += 1;
    const offer = { due: now, submittingMs: 0 };
    const hold: Hold = {
      id: this.makeId(),
      placeId: place.id,
      customerId: place.customerId,
      number: this.item.holds,
      until: null,
      offer,
      isBounced: false,
    };
    this.hold = hold;
    this.changes.begun.push(hold);
    this.changes.tell.push({ message: 'offer', place, hold, iteration: hold.number });
    this.changes.events.push({ event: 'hold.offered', hold, reason: null });
  }

  private end(place: Place, outcome: PlaceOutcome): void {
    if (this.hold?.placeId === place.id) this.endHold(outcome);
    this.places = this.places.filter(({ id }) => id !== place.id);
    this.changes.endedPlaces.push({ place, outcome });
  }

  private endHold(outcome: HoldOutcome): void {
    const { hold } = this;
    if (hold === null) return;
    this.hold = null;
    this.changes.endedHolds.push({ hold, outcome });
    this.changes.events.push({ event: eventOf(outcome), hold, reason: outcome });
  }

  private holder(): Place | undefined {
    return this.places.find(({ id }) => id === this.hold?.placeId);
  }

  private placeOf(customerId: string): Place | undefined {
    return this.places.find((place) => place.customerId === customerId);
  }
}

/** A queue to be looked at, not to be changed. */
export function asTurn({
  item,
  places,
  hold,
  gone,
}: Omit<Queue, 'hold' | 'gone'> & { hold: Omit<Hold, 'offer'> | null; gone: Iterable<[string, number]> }): QueueTurn {
  const offer = { due: null, submittingMs: 0 };
  const queue = { item, places, hold: hold && { ...hold, offer }, gone: new Map(gone) };
  let made = 0;
  return new QueueTurn(queue, { enabled: false, offerWithinMs: 0 }, () => `new ${++made}`);
}

function eventOf(outcome: HoldOutcome): HoldEvent['event'] {
  return outcome === 'ordered' || outcome === 'overtaken' ? `hold.${outcome}` : 'hold.cancelled';
}
