import type { Facts } from '#db/facts.ts';
import { defaultShop } from '#domain/shop.ts';

/** What is known of somebody who did nothing and was sent nothing, while settings `value` hold. */
export function factsWith(value: unknown): Facts {
  return {
    customer: { id: 'anna', kind: 'b2c', locale: null, zone: null, region: null, firstName: null },
    profile: null,
    gone: null,
    activitySeq: 0,
    lastOrderAt: null,
    contact: {
      email: 'anna@shop.example',
      phone: null,
      telegram: null,
      devices: [],
      consents: [{ channel: 'email', topic: '*', state: 'granted' }],
      personalData: null,
      unconfirmed: [],
      suppressions: [],
    },
    run: null,
    earlierRuns: 0,
    inherited: null,
    ordered: false,
    hasBought: null,
    sent: [],
    ledger: { history: [], plans: [], excludesBulk: false },
    trail: { cart: [], favourites: [], views: [], categories: [], lastVisitAt: null, lastActivityAt: null },
    spoken: [],
    habits: { own: { opens: [], channels: {} }, everybody: null },
    settings: { journey: { version: 1, value }, shop: null, policy: null },
  };
}

/** A run that was started at `triggerAt` and is looked at `now`. */
export const situationOf = (facts: Facts, triggerAt: number, now: number, progress: unknown = null) => ({
  facts,
  now,
  shop: defaultShop,
  triggerAt,
  progress,
  waitEnd: (from: number, ms: number) => from + ms,
});
