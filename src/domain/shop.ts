import type { EarlyAccess } from './early-access.ts';
import type { ChannelName } from './journey.ts';

/** What holds for the whole shop, whatever the journey. Settings `shop`, versioned in Postgres. */
export interface ShopSettings {
  name: string;
  url: string;
  cartUrl: string;
  /** Where a category is shown; `{category}` is replaced by its name. */
  categoryUrl: string;
  logoUrl: string | null;
  /** The line of the footer that says who writes: company, postal address. Law wants it (CAN-SPAM, 38-FZ). */
  imprint: string;
  from: { name: string; email: string };
  locale: Locale;
  /** IANA name; used for customers whose own zone is not known. */
  zone: string;
  /** Region, as customers' traits name it → IANA name, for those whose zone and phone tell nothing. */
  regionZones: Record<string, string>;
  currency: string;
  /** Local wall times `HH:MM`; equal ones switch quiet hours off. */
  quietHours: { from: string; to: string };
  /** By channel; what is left out is as `channelFacts` says. `explicit`: advertising needs a recorded consent (38-FZ). `implied`: an address is enough until it is denied. */
  consent: Partial<Record<ChannelName, 'implied' | 'explicit'>>;
  /** `required`: advertising needs a recorded consent to keep personal data for it as well (152-FZ), apart from the other. */
  personalDataConsent: 'not_needed' | 'required';
  /** Channels on which a yes counts once its owner has confirmed it by a link in a letter. */
  doubleOptIn: ChannelName[];
  /** What is added to links for the shop's analytics; `{channel}`, `{journey}` and `{message}` are filled in. Null: nothing. */
  utm: { source: string; medium: string; campaign: string; content: string } | null;
  /** The channels that the shop has a provider for. */
  channels: ChannelName[];
  /** What one message costs, in minor units of the currency, where it differs from `channelFacts`; fractions are fine. */
  prices: Partial<Record<ChannelName, number>>;
  /** Novelties that only the registered see for some days; null: everybody sees all. */
  earlyAccess: EarlyAccess | null;
  /** Whose wording messages have where it has one of its own: a preset's (`src/presets/<name>/messages`); null: the journeys' own. */
  texts: string | null;
}

export const locales = ['en', 'ru'] as const;
export type Locale = (typeof locales)[number];

export const defaultShop: ShopSettings = {
  name: 'Vestnik Sample Shop',
  url: 'https://shop.example',
  cartUrl: 'https://shop.example/cart',
  categoryUrl: 'https://shop.example/catalogue/{category}',
  logoUrl: null,
  imprint: 'Vestnik Sample Shop, 1 Example Street, Example City',
  from: { name: 'Vestnik Sample Shop', email: 'hello@shop.example' },
  locale: 'en',
  zone: 'Europe/Moscow',
  regionZones: {},
  currency: 'RUB',
  quietHours: { from: '21:00', to: '09:00' },
  consent: { email: 'implied' },
  personalDataConsent: 'not_needed',
  doubleOptIn: [],
  utm: { source: 'vestnik', medium: '{channel}', campaign: '{journey}', content: '{message}' },
  channels: ['email'],
  prices: {},
  earlyAccess: null,
  texts: null,
};

/** The locale that a customer is written in: their own where we have it (`ru-RU` → `ru`), else the shop's. */
export function localeOf(customer: string | null, shop: Pick<ShopSettings, 'locale'>): Locale {
  const language = customer?.slice(0, 2).toLowerCase();
  return locales.find((locale) => locale === language) ?? shop.locale;
}
