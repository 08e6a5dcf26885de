import type { Advertising } from '#db/consent-runs.ts';
import type { ConsentRules } from '#db/consents.ts';
import type { Contract } from '#domain/journey.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { contracts } from '#workflows/catalogue.ts';

/** The journeys that advertise: a no ends their runs, a yes may start them. Service messages are no advertising. */
const advertising: readonly Advertising[] = Object.values<Contract>(contracts)
  .filter((contract) => contract.class !== 'service')
  .map(({ name, topic, key, startsWhenReachable = false }) => ({
    name,
    topic,
    followsActivity: key === 'profile',
    startsWhenReachable,
  }));

/** What follows from what customers say about being written to. */
export function consentRules(shop: ShopSettings): ConsentRules {
  return { shop, journeys: advertising, confirming: 'opt-in' };
}
