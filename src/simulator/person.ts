import type { ProfileKind } from '#domain/journey.ts';
import type { Assortment } from './assortments.ts';
import { type Dice, dice } from './dice.ts';
import type { Rates } from './rates.ts';

/** A simulated customer: who they are, and what they are wont to do. */
export interface Person {
  index: number;
  userId: string;
  /** Browsers: the one at home, and perhaps a phone's. */
  browsers: readonly [string, ...string[]];
  /** By profile; a company's buyer has both. Null: never told. */
  emails: Record<ProfileKind, string | null>;
  phone: string | null;
  telegram: string | null;
  app: string | null;
  /** Channels by phone on which they allowed advertising. */
  allows: readonly ('sms' | 'viber' | 'whatsapp')[];
  kind: 'b2b' | 'b2c';
  firstName: string;
  region: string;
  zone: string;
  locale: 'en' | 'ru';
  /** What else they tell of themselves when they sign in. */
  traits: Readonly<Record<string, unknown>>;
  /** Who uses up what is bought for each profile: a household, beside the usual two; a company's employees. */
  users: Record<ProfileKind, number>;
  /** Buys once, and neither comes nor reads ever after. */
  isSilent: boolean;
  /** Known to the shop before the story begins; others sign in during some visit. */
  isKnown: boolean;
  visitsAWeek: number;
  /** Items and categories opened in a visit, on average. */
  depth: number;
  favouriteCategories: readonly [string, ...string[]];
  /** The local hour around which they shop, and the one around which they read. */
  shoppingHour: number;
  readingHour: number;
  /** How much more or less than others they open, put into carts, buy, and send back. */
  eagerness: { opens: number; carts: number; buys: number; returns: number };
  hasAppleMail: boolean;
  offlineOrdersAMonth: number;
}

/** Where customers live: the region as the shop names it, and the zone. */
const places = [
  { region: 'msk', zone: 'Europe/Moscow', locale: 'ru', weight: 8 },
  { region: 'spb', zone: 'Europe/Moscow', locale: 'ru', weight: 4 },
  { region: 'ekb', zone: 'Asia/Yekaterinburg', locale: 'ru', weight: 2 },
  { region: 'nsk', zone: 'Asia/Novosibirsk', locale: 'ru', weight: 2 },
  { region: 'vvo', zone: 'Asia/Vladivostok', locale: 'ru', weight: 1 },
  { region: 'ber', zone: 'Europe/Berlin', locale: 'en', weight: 2 },
] as const;

const firstNames = {
  ru: ['Анна', 'Иван', 'Мария', 'Пётр', 'Ольга', 'Семён', 'Вера', 'Юрий'],
  en: ['Ann', 'Ben', 'Clara', 'David', 'Eve', 'Frank', 'Greta', 'Henry'],
} as const;

/** Numbers that Ofcom keeps for drama: nobody has them. There are a thousand, so later customers have none. */
const drama = { prefix: '+447700900', count: 1000 };

const usualCustomers = { companies: 0.12, counters: 0.15 };

/** Always the same one for a seed and an index. */
export function createPerson(seed: number, index: number, rates: Rates, assortment: Assortment): Person {
  const throws = dice(seed, 'person', index);
  const userId = `sim-${seed}-${index}`;
  const { regions, customers = usualCustomers } = assortment;
  const kind = throws.chance(customers.companies) ? 'b2b' : 'b2c';
  const served = places.filter((place) => regions === undefined || place.region in regions);
  const place = served[throws.weighted(served.map(({ weight }) => weight))] ?? places[0];
  const { region, zone, locale } = place;
  return {
    index,
    userId,
    kind,
    region,
    zone,
    locale,
    ...contactsOf(throws, { userId, index, kind }),
    browsers: throws.chance(0.4) ? [`${userId}-web`, `${userId}-mobile`] : [`${userId}-web`],
    firstName: throws.pick(firstNames[locale]),
    isKnown: throws.chance(rates.known),
    ...habitsOf(throws, kind, { ...assortment, customers }, rates),
    hasAppleMail: throws.chance(rates.appleMail),
    ...homeOf(dice(seed, 'home', index), kind, assortment, rates),
  };
}

/** Who they live and work with, and what matters to them. Dice of its own: the rest of the story is the same without it. */
function homeOf(throws: Dice, kind: Person['kind'], { matters }: Assortment, rates: Rates) {
  const household = throws.weighted([0.3, 0.35, 0.2, 0.15]) + 1;
  const employees = kind === 'b2b' ? Math.round(12 * throws.factor(0.7)) + 1 : null;
  const isSilent = throws.chance(rates.silent);
  const own = matters && traitOf(throws, kind, matters);
  return {
    traits: { householdSize: household, ...(employees !== null && { employees }), ...own },
    users: { personal: household / 2, corporate: employees ?? 1 },
    isSilent,
  };
}

function traitOf(throws: Dice, kind: Person['kind'], { trait, values, whose }: NonNullable<Assortment['matters']>) {
  if (whose === 'companies') return kind === 'b2b' ? { [trait]: throws.pick(values) } : {};
  const those = values.filter(() => throws.chance(0.35));
  return those.length > 0 ? { [trait]: those } : {};
}

function contactsOf(throws: Dice, { userId, index, kind }: Pick<Person, 'userId' | 'index' | 'kind'>) {
  const hasPhone = index < drama.count && throws.chance(0.5);
  const phone = hasPhone ? `${drama.prefix}${String(index).padStart(3, '0')}` : null;
  const allowed = (['sms', 'viber', 'whatsapp'] as const).filter(() => throws.chance(0.5));
  // Addresses in domains that nobody can have (RFC 2606).
  const personal = throws.chance(0.92) ? `${userId}@example.com` : null;
  return {
    emails: { personal, corporate: kind === 'b2b' ? `${userId}@office.example.com` : null },
    phone,
    allows: hasPhone ? allowed : [],
    telegram: throws.chance(0.15) ? `${7_000_000_000 + index}` : null,
    app: throws.chance(0.2) ? `${userId}-app-token` : null,
  };
}

function habitsOf(
  throws: Dice,
  kind: Person['kind'],
  { kinds, customers }: Assortment & { customers: typeof usualCustomers },
  rates: Rates,
) {
  const [first] = throws.pick(kinds);
  const isCompany = kind === 'b2b';
  return {
    // Few come often, many seldom.
    visitsAWeek: Math.min(10, rates.visitsAWeek * throws.factor(0.8)),
    depth: Math.min(15, 3 * throws.factor(0.5)),
    favouriteCategories: [first, throws.pick(kinds)[0]] as const,
    shoppingHour: isCompany ? throws.whole(9, 16) : throws.whole(11, 22),
    readingHour: isCompany ? throws.whole(9, 17) : throws.whole(7, 22),
    eagerness: {
      opens: throws.factor(0.5),
      carts: throws.factor(0.5),
      buys: throws.factor(0.4),
      returns: throws.factor(0.6),
    },
    offlineOrdersAMonth: throws.chance(customers.counters) ? throws.between(0.2, 1.5) : 0,
  };
}

/** Every address by which a message may reach this person. */
export function addressesOf({ emails, phone, telegram, app }: Person): string[] {
  return [emails.personal, emails.corporate, phone, telegram, app].filter((one) => one !== null);
}
