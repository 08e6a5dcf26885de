/** What the queue of an item consists of (J9, `docs/reservation.md`), and what one look at it changes. Instants are business epoch ms. */

/** What the shop said last of where the item is. */
export type Whereabouts = 'out' | 'free' | 'ordered' | 'sold';

/** As the shop's site shows it. */
export type ItemState = Whereabouts | 'offered' | 'held';

export const itemWords = ['joined', 'left', 'out', 'returned', 'ordered', 'cancelled', 'sold'] as const;

/** One thing that was said of the item. */
export interface ItemNews {
  what: (typeof itemWords)[number];
  /** Who joined, left, took it or bought it; null where nobody knows. */
  customerId: string | null;
  orderId: string | null;
  at: number;
}

/** How a place in the queue ended. */
export type PlaceOutcome =
  | 'ordered'
  | 'fitting'
  | 'expired'
  | 'overtaken'
  | 'unreachable'
  | 'left'
  | 'sold'
  | 'merged'
  | 'erased'
  | 'stopped';

/** How a hold ended. `withdrawn`: the item went out again, and its holder waits on. */
export type HoldOutcome = PlaceOutcome | 'withdrawn';

export interface Place {
  id: string;
  customerId: string;
  /** Who has the lowest number is the next. */
  number: number;
  joinedAt: number;
}

export interface Hold {
  id: string;
  placeId: string;
  customerId: string;
  number: number;
  /** Null until a channel took the offer. */
  until: number | null;
  offer: Offer;
  /** Every message of the offer has come back: its holder does not know of it. */
  isBounced: boolean;
}

/** What became of the messages that offer the item, so far. */
export interface Offer {
  /** When the last of those that are not done is due; null where all are. */
  due: number | null;
  /** How long a message is being submitted at most: what becomes of it is not known yet. Business ms; 0: none is. */
  submittingMs: number;
}

export interface Item {
  whereabouts: Whereabouts;
  /** When the shop last said where it is. */
  saidAt: number | null;
  orderId: string | null;
  /** Places and holds that were ever given. */
  places: number;
  holds: number;
}

export interface Queue {
  item: Item;
  /** Of those who wait and of the holder, by number. */
  places: Place[];
  hold: Hold | null;
  /** When a customer who is in no place now was last in one, or last said that they leave. */
  gone: ReadonlyMap<string, number>;
}

export interface QueueSettings {
  enabled: boolean;
  /** From an offer's coming due to its being taken by a channel. */
  offerWithinMs: number;
}

export type QueueMessage = 'offer' | 'hold-cancelled' | 'overtaken' | 'item-sold';

/** Somebody who is to be told. `iteration`: of the message, in the ledger. */
export interface ToTell {
  message: QueueMessage;
  place: Place;
  hold: Hold | null;
  iteration: number;
}

/** What the shop is told of by webhook. */
export interface HoldEvent {
  event: 'hold.offered' | 'hold.ordered' | 'hold.overtaken' | 'hold.cancelled';
  hold: Hold;
  reason: HoldOutcome | null;
}

/** What is to be written. */
export interface Changes {
  item: Item;
  joined: Place[];
  endedPlaces: { place: Place; outcome: PlaceOutcome }[];
  begun: Hold[];
  endedHolds: { hold: Hold; outcome: HoldOutcome }[];
  tell: ToTell[];
  events: HoldEvent[];
}
