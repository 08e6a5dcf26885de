import type { Locale } from './shop.ts';

/** E-mail health (V3): what became of the shop's letters, as rates that can be held against others'. */
export interface EmailCounts {
  /** The provider took them. */
  sent: number;
  /** Sent and not sent back, as the industry counts: plain SMTP never says more. */
  delivered: number;
  /** Of these the provider, or a person who opened one, said that it arrived. */
  confirmed: number;
  /** The address does not exist, or its owner blocks us. */
  hardBounced: number;
  /** Any other failure after the provider took it. */
  softBounced: number;
  /** A letter is counted once, by whoever opened it most surely. */
  openedByHuman: number;
  openedByUnknown: number;
  openedByMachine: number;
  /** By people. */
  clicked: number;
  unsubscribed: number;
  complained: number;
}

/** Of what each rate is a share. Bounces are of what was sent: what bounced was never delivered. */
export const rateOf = {
  delivered: 'sent',
  hardBounced: 'sent',
  softBounced: 'sent',
  opened: 'delivered',
  openedByAny: 'delivered',
  clicked: 'delivered',
  unsubscribed: 'delivered',
  complained: 'delivered',
} as const;

export type RateName = keyof typeof rateOf;
export const rateNames = Object.keys(rateOf) as RateName[];

/** Shares from 0 to 1; null where there is nothing to divide by. */
export type Rates = Record<RateName, number | null>;

/** What others have, as somebody has published it. Settings `email-health`. */
export interface EmailHealthSettings {
  industry: {
    source: string;
    /** The year that it is about. */
    year: number;
    statistic: 'median' | 'average';
    /** Null: the source does not say. */
    rates: Rates;
  } | null;
}

/**
 * No edition that we could read publishes medians, so these are averages and say so; a shop that has medians of its industry puts
 * them in. GDMA International Email Benchmark 2024 (203 billion letters of 42,000 senders in 2023), as told by DDMA
 * (https://ddma.nl/kennisbank/international-email-benchmark-2024-email-becomes-more-professional-through-higher-opens-and-clicks-and-lower-unsubscribes-and-spam-complaints/:
 * acceptance 99.22 %, hard bounces 0.44 %, soft 0.33 %, opens 34.12 %, clicks 3.56 %) and by Spotler
 * (https://spotler.com/en-de/blog/four-unexpected-insights-from-the-gdma-email-benchmark-2024: unsubscribes 0.14 %). Its opens have
 * Apple's machine in them; of opens by people alone and of complaints we found no figure in it.
 */
export const defaultEmailHealth: EmailHealthSettings = {
  industry: {
    source: 'GDMA International Email Benchmark 2024',
    year: 2023,
    statistic: 'average',
    rates: {
      delivered: 0.9922,
      hardBounced: 0.0044,
      softBounced: 0.0033,
      opened: null,
      openedByAny: 0.3412,
      clicked: 0.0356,
      unsubscribed: 0.0014,
      complained: null,
    },
  },
};

/** Shares of what was delivered. Gmail and Yahoo ask of bulk senders to stay below the first and never to reach the second
 *  (standards.md; "Email sender guidelines", in force since February 2024). */
export const complaintThresholds = { target: 0.001, limit: 0.003 } as const;

/** With fewer letters than this one complaint alone is above the target: rates say nothing yet. */
export const smallBelow = 1 / complaintThresholds.target;

export type WarningCode = 'complaints_above_target' | 'complaints_at_limit';

export interface EmailHealth {
  rates: Rates;
  isSmall: boolean;
  /** Null where all is well, and in small samples, which are not judged. */
  warning: WarningCode | null;
}

export function emailHealth(counts: EmailCounts): EmailHealth {
  const rates = ratesOf(counts);
  const isSmall = counts.delivered < smallBelow;
  return { rates, isSmall, warning: isSmall ? null : warningOf(rates.complained ?? 0) };
}

function ratesOf(counts: EmailCounts): Rates {
  const { openedByHuman: opened, openedByUnknown, openedByMachine, ...rest } = counts;
  const parts = { ...rest, opened, openedByAny: opened + openedByUnknown + openedByMachine };
  const rate = (name: RateName) => {
    const whole = counts[rateOf[name]];
    return whole === 0 ? null : Math.round((parts[name] / whole) * 1e6) / 1e6;
  };
  return Object.fromEntries(rateNames.map((name) => [name, rate(name)])) as Rates;
}

function warningOf(complained: number): WarningCode | null {
  if (complained >= complaintThresholds.limit) return 'complaints_at_limit';
  return complained >= complaintThresholds.target ? 'complaints_above_target' : null;
}

export const warningWords: Record<WarningCode, Record<Locale, string>> = {
  complaints_above_target: {
    en: 'Complaints are 0.1 % of the delivered or more: Gmail and Yahoo begin to put such letters into spam. Write less often, to those who open.',
    ru: 'Жалоб 0,1 % от доставленного или больше: Gmail и Yahoo начинают класть такие письма в спам. Пишите реже и тем, кто открывает.',
  },
  complaints_at_limit: {
    en: 'Complaints are 0.3 % of the delivered or more: Gmail and Yahoo refuse such senders. Stop bulk mail until it is known who complains, and why.',
    ru: 'Жалоб 0,3 % от доставленного или больше: Gmail и Yahoo отказывают таким отправителям. Остановите массовые письма, пока не ясно, кто и почему жалуется.',
  },
};

/** All parts together: each letter is in one of them. */
export function sumOf(parts: readonly EmailCounts[]): EmailCounts {
  const sum: EmailCounts = { ...none };
  for (const part of parts) for (const name of countNames) sum[name] += part[name];
  return sum;
}

const none: EmailCounts = {
  sent: 0,
  delivered: 0,
  confirmed: 0,
  hardBounced: 0,
  softBounced: 0,
  openedByHuman: 0,
  openedByUnknown: 0,
  openedByMachine: 0,
  clicked: 0,
  unsubscribed: 0,
  complained: 0,
};
const countNames = Object.keys(none) as (keyof EmailCounts)[];
