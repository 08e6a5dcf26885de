import type { ProfileKind } from '#domain/journey.ts';
import type { Call, TrackingBody } from './calls.ts';
import type { Dice } from './dice.ts';
import type { Fittings } from './fitting.ts';
import type { Good } from './goods.ts';
import { signUp } from './newcomers.ts';
import type { Person } from './person.ts';
import type { Rates } from './rates.ts';

/** What customers find when they come: the shop's articles, and the way to be heard. */
export interface Stage {
  seed: number;
  rates: Rates;
  /** By id. */
  goods: Map<string, Good>;
  /** Of a shop whose items are tried on at home; else null. */
  fittings: Fittings | null;
  /** Dice for one thing that happens, the same for the same seed. */
  diceFor(...what: (string | number)[]): Dice;
  plan(at: number, happens: (at: number) => void): void;
  tell(at: number, call: Call): void;
  /** Changes an article, and tells the catalogue of it. */
  put(at: number, good: Good): void;
}

/** What a person has done so far, and has before them. */
export interface Life {
  person: Person;
  /** Product id → quantity. */
  carts: Record<ProfileKind, Map<string, number>>;
  /** Browsers that know whose they are. */
  signedIn: Set<string>;
  /** Whether they left their address at the pop-up. */
  hasSubscribed: boolean;
  /** Promo codes that they have noted down. */
  codes: string[];
  /** Profile and product id → when what they have of it will be used up; business epoch ms. */
  supplies: Map<string, number>;
  /** Counted, so that each has dice and an id of its own. */
  visits: number;
  calls: number;
  orders: number;
  messages: number;
}

export function newLife(person: Person): Life {
  const carts = { personal: new Map(), corporate: new Map() };
  const known = { signedIn: new Set<string>(), hasSubscribed: false, codes: [], supplies: new Map() };
  return { person, carts, ...known, visits: 0, calls: 0, orders: 0, messages: 0 };
}

/** Where and as whom somebody is in the shop. `browser` null: at a counter, known by their card. */
export interface Presence {
  profile: ProfileKind;
  browser: string | null;
  /** Whether the site knows them. */
  isKnown: boolean;
}

/** Tells of something that this person did there. */
export function track(
  stage: Stage,
  life: Life,
  at: number,
  { profile, browser, isKnown }: Presence,
  said: Pick<TrackingBody, 'type' | 'event' | 'properties' | 'traits'>,
): void {
  const { userId, zone, locale } = life.person;
  life.calls += 1;
  const body: TrackingBody = {
    ...said,
    messageId: `${userId}-${life.calls}`,
    ...(isKnown && { userId }),
    ...(browser !== null && { anonymousId: browser }),
    context: { profile, timezone: zone, locale },
  };
  stage.tell(at, { to: 'tracking', body });
}

/** They say who they are; the first time also how they may be written to. */
export function signIn(stage: Stage, life: Life, at: number, presence: Presence): void {
  const { person } = life;
  const { emails, phone, firstName, region, kind, traits: own } = person;
  const isFirst = life.signedIn.size === 0;
  const email = emails[presence.profile];
  const traits = { firstName, region, kind, ...own, ...(email && { email }), ...(phone && { phone }) };
  presence.isKnown = true;
  track(stage, life, at, presence, { type: 'identify', traits });
  if (presence.browser !== null) life.signedIn.add(presence.browser);
  if (!isFirst) return;
  for (const channel of person.allows) {
    const properties = { purpose: 'advertising', channel, state: 'granted', text_version: '1' };
    track(stage, life, at, presence, { type: 'track', event: 'Consent Changed', properties });
  }
  for (const [channel, address] of [
    ['app_push', person.app],
    ['telegram', person.telegram],
  ] as const)
    if (address !== null) stage.tell(at, { to: 'addresses', userId: person.userId, channel, address });
  signUp(stage, life, at, presence);
}
