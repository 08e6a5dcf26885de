import type { ProfileKind } from './journey.ts';
import type { OrderDetails, OrderStep } from './order-state.ts';

/** One event, whatever door it came in by. `occurredAt` is already corrected for the client's clock (`sentAt`)
 *  and mapped to business time, never in the future. */
export interface Event {
  messageId: string;
  type: 'identify' | 'track' | 'page' | 'screen' | 'group' | 'alias';
  /** Segment's event name for a track (`Product Added`), else the type itself. */
  name: string;
  occurredAt: Date;
  receivedAt: Date;
  profile: ProfileKind;
  who: Who;
  /** What the event does to the customer, if it is new. */
  effects: Effect[];
  /** The event as it came, JSON text. */
  payload: string;
}

export interface Who {
  userId?: string;
  anonymousId?: string;
  email?: string;
  phone?: string;
  /** Id of a chat with the Telegram bot. */
  telegram?: string;
  /** Number of a loyalty card. */
  card?: string;
  /** `alias`: the id that is joined to the customer. */
  previousId?: string;
}

/** Effects are folded by the database in the order of `occurredAt`; late ones never overwrite newer state. */
export type Effect =
  | { do: 'trait'; name: string; value: unknown }
  | { do: 'contact'; channel: 'email' | 'phone'; address: string }
  | {
      do: 'consent';
      purpose: 'advertising' | 'personal_data';
      channel: string;
      state: 'granted' | 'denied';
      textVersion?: string | null;
      ip?: string | null;
      /** Where it was said; the event's name if left out. */
      source?: string;
    }
  | { do: 'visit' }
  | { do: 'activity' }
  | { do: 'view' | 'category' | 'favourite' | 'unfavourite' | 'waiting' | 'unwaiting'; ref: string }
  | { do: 'cart_add' | 'cart_remove'; product: string; quantity?: number }
  | { do: 'cart_set'; lines: CartLine[] }
  /** Of the reservation queue (J9). */
  | { do: 'item'; what: 'joined' | 'left' | 'out' | 'returned' | 'sold'; item: string }
  | { do: 'order'; order: OrderChange }
  /** What its buyer is told of an order (J16). */
  | { do: 'order_step'; orderId: string; step: OrderStep; details: OrderDetails };

export interface CartLine {
  product: string;
  quantity: number;
}

/** Minor units, of one piece. What it cost and was reduced from: where the shop tells; else as the catalogue has it then. */
export interface OrderLine {
  product: string;
  quantity: number;
  price: number;
  cost?: number;
  oldPrice?: number;
}

export interface OrderChange {
  orderId: string;
  state: 'placed' | 'cancelled' | 'refunded';
  /** Minor units. */
  total: number;
  currency: string;
  lines: OrderLine[];
  /** Promo codes, as the shop writes them. */
  codes?: string[];
}
