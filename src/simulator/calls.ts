import type { ProfileKind } from '#domain/journey.ts';

/** What happens in the simulated shop, as whoever it drives is told. Instants are business time. */
export interface ShopEvent {
  at: Date;
  call: Call;
}

/** Whoever is driven: a gateway over HTTP, or intake itself. Resolves when the event has been taken. */
export type Sink = (event: ShopEvent) => Promise<void>;

export type Call = TrackingCall | CatalogueCall | AddressCall | MessageCall;

/** A call of Segment's tracking API, as a shop's website sends it. It has no time of its own: the event's `at` says it. */
export interface TrackingCall {
  to: 'tracking';
  body: TrackingBody;
}

export interface TrackingBody {
  type: 'identify' | 'track' | 'page';
  /** The same for the same seed: who plays the same shop twice is heard once. */
  messageId: string;
  userId?: string;
  anonymousId?: string;
  event?: string;
  properties?: Record<string, unknown>;
  traits?: Record<string, unknown>;
  context: { profile: ProfileKind; timezone: string; locale: string };
}

/** Products as the shop has them now: items of `PUT /products`. */
export interface CatalogueCall {
  to: 'catalogue';
  items: ProductItem[];
}

/** Of money the minor units. */
export interface Money {
  amount: number;
  currency: string;
}

export interface ProductItem {
  id: string;
  name: string;
  url: string;
  category: string;
  brand: string;
  attributes: Readonly<Record<string, unknown>>;
  publishedAt: string;
  /** `*`: everywhere. */
  offers: { region: string; price: Money; oldPrice: Money | null; stock: number }[];
}

/** A customer can be reached by an address that no tracking call tells: an app on a phone, a chat with the bot. */
export interface AddressCall {
  to: 'addresses';
  userId: string;
  channel: 'app_push' | 'telegram';
  address: string;
}

/** What becomes of a message that was given to `react`. */
export interface MessageCall {
  to: 'message';
  message: ReceivedMessage;
  did: 'delivered' | 'bounced' | 'opened' | 'clicked' | 'unsubscribed' | 'complained';
  /** Of an open or a click. */
  userAgent?: string;
  /** Of a click, from 0 to 1: which of the message's links, of however many there are. */
  whichLink?: number;
}

/** A message that reached the simulated shop's customers. */
export interface ReceivedMessage {
  /** The ledger's id. */
  id: string;
  channel: string;
  /** An e-mail address, phone, chat or device. */
  to: string;
  at: Date;
  /** Mass mailings are opened less. */
  isBulk?: boolean;
  /** A promo code that it gives. */
  code?: string | undefined;
  /** Products that it speaks of, where known: what somebody who follows its link looks at. */
  goods?: readonly string[];
}
