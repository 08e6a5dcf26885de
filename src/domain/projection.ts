import { type CartState, changeCart, emptyCart } from './cart.ts';
import type { Effect, Event } from './events.ts';
import type { IdentityKind } from './identity.ts';
import { changeInterest, type InterestChange } from './interests.ts';
import { channelNames, type ProfileKind } from './journey.ts';
import { type OrderNews, orderKey } from './order-state.ts';
import { changeOrder, type OrderState } from './orders.ts';
import { Table } from './table.ts';

/** What events make of a customer. Everything is folded here, in memory and in the order in which things happened, from
 *  what was read under the customers' locks; the database only keeps the outcome. Instants are epoch ms. */

export interface CustomerState {
  id: string;
  /** Null where they were not read because no event says a trait. */
  traits: Record<string, unknown> | null;
  traitsAt: Record<string, string>;
  lastSeenAt: number | null;
}

export interface ProfileState {
  customerId: string;
  kind: ProfileKind;
  email: string | null;
  emailAt: number | null;
  phone: string | null;
  phoneAt: number | null;
  lastVisitAt: number | null;
  lastActivityAt: number | null;
  lastOrderAt: number | null;
  /** How many visits and activities were added in this flush. */
  activities: number;
}

export interface ConsentState {
  customerId: string;
  purpose: string;
  channel: string;
  state: 'granted' | 'denied';
  at: number;
}

export interface ConsentSaid extends ConsentState {
  source: string;
  textVersion: string | null;
  ip: string | null;
}

export interface Known {
  customers: CustomerState[];
  profiles: ProfileState[];
  consents: ConsentState[];
  cart: CartState[];
  orders: OrderState[];
}

/** An event and whose it is; `refused` are addresses that belong to another customer. */
export interface Attributed {
  event: Event;
  customerId: string;
  refused: ReadonlySet<IdentityKind>;
}

/** `last_seen_at` is for people to read: it is written once in this while, not with each event. */
const seenEveryMs = 60_000;

/** What a customer is read and written with may not grow without end: anybody can give events in by the key of a website. */
const mostTraits = 500;
const mostCartLines = 500;

/** A promo code that an order carries. */
export interface OrderCode {
  orderId: string;
  code: string;
  /** Epoch ms. */
  at: number;
  isPlaced: boolean;
}

export class Projection {
  readonly customers: Table<CustomerState>;
  readonly profiles: Table<ProfileState>;
  readonly consents: Table<ConsentState>;
  readonly orders: Table<OrderState>;
  readonly interests: Table<InterestChange>;
  readonly #carts = new Map<string, Table<CartState>>();
  readonly consentsSaid: ConsentSaid[] = [];
  /** Events whose order was seen for the first time by this customer, or changed its state. */
  readonly orderNews = new Set<Event>();
  readonly #orderCodes: OrderCode[] = [];
  readonly #orderNews: OrderNews[] = [];

  constructor(known: Known) {
    this.customers = new Table(known.customers, (row) => row.id);
    this.profiles = new Table(known.profiles, (row) => key(row.customerId, row.kind));
    this.consents = new Table(known.consents, (row) => key(row.customerId, row.purpose, row.channel));
    for (const [owner, rows] of Map.groupBy(known.cart, (row) => key(row.customerId, row.profile))) {
      this.#carts.set(owner, new Table(rows, (row) => row.product));
    }
    this.orders = new Table(known.orders, (row) => row.orderId);
    this.interests = new Table<InterestChange>([], () => '');
  }

  /** Applies new events in the order of `occurredAt`. */
  apply(events: readonly Attributed[]): void {
    const inTime = events.toSorted((a, b) => a.event.occurredAt.getTime() - b.event.occurredAt.getTime());
    for (const attributed of inTime) {
      for (const effect of attributed.event.effects) this.#effect(effect, attributed);
      this.#seen(attributed);
    }
  }

  /** Changed lines of all carts, by key. */
  cartLines(): CartState[] {
    return [...this.#carts].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, cart]) => cart.changed());
  }

  /** What was said of steps of orders, in the order of their keys. */
  orderSteps(): OrderNews[] {
    const keyOf = ({ orderId, step }: OrderNews) => orderKey(orderId, step);
    return this.#orderNews.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  /** By order, as they are written. */
  orderCodes(): OrderCode[] {
    return this.#orderCodes.sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
  }

  profile(customerId: string, kind: ProfileKind): ProfileState {
    return this.profiles.get(key(customerId, kind)) ?? noProfile(customerId, kind);
  }

  /** What holds for a channel: a denial, whether of it or of all, is the strictest and wins. */
  consentOn(customerId: string, purpose: string, channel: string): 'granted' | 'denied' | null {
    const said = [channel, '*'].map((one) => this.consents.get(key(customerId, purpose, one))?.state);
    return said.includes('denied') ? 'denied' : said.includes('granted') ? 'granted' : null;
  }

  #effect(effect: Effect, attributed: Attributed): void {
    switch (effect.do) {
      case 'trait':
        this.#trait(effect, attributed);
        break;
      case 'contact':
        this.#contact(effect, attributed);
        break;
      case 'consent':
        this.#consent(effect, attributed);
        break;
      case 'visit':
      case 'activity':
        this.#activity(effect.do, attributed);
        break;
      case 'view':
      case 'category':
      case 'favourite':
      case 'unfavourite':
      case 'waiting':
      case 'unwaiting':
        this.#interest(effect, attributed);
        break;
      case 'cart_add':
      case 'cart_remove':
      case 'cart_set':
        this.#cart(effect, attributed);
        break;
      case 'order':
        this.#order(effect, attributed);
        break;
      case 'order_step':
        this.#orderStep(effect, attributed);
    }
  }

  #trait({ name, value }: Extract<Effect, { do: 'trait' }>, { event, customerId }: Attributed): void {
    const { traits, traitsAt, ...rest } = this.#customer(customerId);
    if (traits === null) throw new Error(`traits of customer ${customerId} were not read`);
    const saidAt = traitsAt[name];
    if (saidAt !== undefined && Date.parse(saidAt) > event.occurredAt.getTime()) return;
    if (!Object.hasOwn(traits, name) && Object.keys(traits).length >= mostTraits) return;
    this.customers.change(customerId, {
      ...rest,
      traits: { ...traits, [name]: value },
      traitsAt: { ...traitsAt, [name]: event.occurredAt.toISOString() },
    });
  }

  #contact({ channel, address }: Extract<Effect, { do: 'contact' }>, { event, customerId, refused }: Attributed): void {
    const profile = this.profile(customerId, event.profile);
    const at = event.occurredAt.getTime();
    const current = channel === 'email' ? profile.emailAt : profile.phoneAt;
    if (refused.has(channel) || (current !== null && current > at)) return;
    const said = channel === 'email' ? { email: address, emailAt: at } : { phone: address, phoneAt: at };
    this.#changeProfile({ ...profile, ...said });
  }

  #consent(effect: Extract<Effect, { do: 'consent' }>, { event, customerId }: Attributed): void {
    const { purpose, channel, state, textVersion = null, ip = null, source = event.name } = effect;
    const said = { customerId, purpose, channel, state, at: event.occurredAt.getTime() };
    this.consentsSaid.push({ ...said, source, textVersion, ip });
    const current = this.consents.get(key(customerId, purpose, channel));
    if (current && current.at > said.at) return;
    this.consents.change(key(customerId, purpose, channel), said);
    if (state === 'granted' && channel !== '*') this.#narrowDenial(said);
  }

  /** A denial of all channels, before this one was granted, from now on is one of all others. */
  #narrowDenial({ customerId, purpose, channel, at }: ConsentState): void {
    const general = this.consents.get(key(customerId, purpose, '*'));
    if (general?.state !== 'denied' || general.at > at) return;
    this.consents.remove(key(customerId, purpose, '*'));
    for (const other of channelNames) {
      const denied = { ...general, channel: other };
      if (other !== channel) this.consents.change(key(customerId, purpose, other), denied);
    }
  }

  #activity(kind: 'visit' | 'activity', { event, customerId }: Attributed): void {
    const profile = this.profile(customerId, event.profile);
    const at = event.occurredAt.getTime();
    const field = kind === 'visit' ? 'lastVisitAt' : 'lastActivityAt';
    this.#changeProfile({ ...profile, [field]: newest(profile[field], at), activities: profile.activities + 1 });
  }

  #interest(effect: Extract<Effect, { ref: string }>, { event, customerId }: Attributed): void {
    const isRemoval = effect.do === 'unfavourite' || effect.do === 'unwaiting';
    const kind = effect.do === 'unfavourite' ? 'favourite' : effect.do === 'unwaiting' ? 'waiting' : effect.do;
    const at = key(customerId, event.profile, kind, effect.ref);
    const fresh = { customerId, profile: event.profile, kind, ref: effect.ref };
    this.interests.change(at, changeInterest(this.interests.get(at) ?? fresh, isRemoval, event.occurredAt.getTime()));
  }

  #cart(effect: Extract<Effect, { do: `cart_${string}` }>, { event, customerId }: Attributed): void {
    const orderedAt = this.profile(customerId, event.profile).lastOrderAt;
    const cart = this.#cartOf(customerId, event.profile);
    const lines = changeCart(cart.all(), effect, event.occurredAt.getTime(), orderedAt);
    for (const line of lines) {
      if (cart.size >= mostCartLines && cart.get(line.product) === undefined) continue;
      cart.change(line.product, { ...line, customerId, profile: event.profile });
    }
  }

  #order({ order }: Extract<Effect, { do: 'order' }>, { event, customerId }: Attributed): void {
    const at = event.occurredAt.getTime();
    const current = this.orders.get(order.orderId);
    const { orderId, codes = [], state } = order;
    for (const code of codes) this.#orderCodes.push({ orderId, code, at, isPlaced: state === 'placed' });
    const change = changeOrder(current, { ...order, customerId, profile: event.profile, at });
    if (change.row) this.orders.change(order.orderId, change.row);
    const isFirstOfCustomer = current !== undefined && current.customerId !== customerId;
    if (change.isNews || isFirstOfCustomer) this.orderNews.add(event);
    if (order.state !== 'placed') return;
    const profile = this.profile(customerId, event.profile);
    this.#changeProfile({ ...profile, lastOrderAt: newest(profile.lastOrderAt, at) });
    const cart = this.#cartOf(customerId, event.profile);
    for (const line of emptyCart(cart.all(), at)) cart.change(line.product, line);
  }

  #orderStep({ orderId, step, details }: Extract<Effect, { do: 'order_step' }>, attributed: Attributed): void {
    const { event, customerId } = attributed;
    const at = event.occurredAt.getTime();
    this.#orderNews.push({ orderId, step, customerId, profile: event.profile, at, details });
  }

  #cartOf(customerId: string, profile: ProfileKind): Table<CartState> {
    const owner = key(customerId, profile);
    const cart = this.#carts.get(owner) ?? new Table<CartState>([], (row) => row.product);
    this.#carts.set(owner, cart);
    return cart;
  }

  #customer(id: string): CustomerState {
    return this.customers.get(id) ?? { id, traits: {}, traitsAt: {}, lastSeenAt: null };
  }

  #changeProfile(row: ProfileState): void {
    this.profiles.change(key(row.customerId, row.kind), row);
  }

  #seen({ event, customerId }: Attributed): void {
    const customer = this.#customer(customerId);
    const at = event.occurredAt.getTime();
    if (customer.lastSeenAt !== null && at < customer.lastSeenAt + seenEveryMs) return;
    this.customers.change(customerId, { ...customer, lastSeenAt: at });
  }
}

function key(...parts: string[]): string {
  return parts.join(' ');
}

function newest(a: number | null, b: number): number {
  return a === null ? b : Math.max(a, b);
}

function noProfile(customerId: string, kind: ProfileKind): ProfileState {
  return {
    customerId,
    kind,
    email: null,
    emailAt: null,
    phone: null,
    phoneAt: null,
    lastVisitAt: null,
    lastActivityAt: null,
    lastOrderAt: null,
    activities: 0,
  };
}
