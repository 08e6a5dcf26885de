import type { PlannedCustomer, PlannedMessage } from '#db/plans.ts';
import { type Expected, forecast } from '#domain/forecast.ts';
import { quietEnd } from '#domain/forecast-quiet.ts';
import type { Contract } from '#domain/journey.ts';
import type { PolicySettings } from '#domain/policy.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { type ZoneFrom, zoneOf } from '#domain/zone.ts';
import { contracts } from '#workflows/catalogue.ts';

export interface Voice {
  shop: ShopSettings;
  policy: PolicySettings;
}

/** What becomes of all that is planned for a customer, on their clock. */
export function foresee(
  customer: PlannedCustomer,
  { shop, policy }: Voice,
  now: Date,
): { zone: string; from: ZoneFrom; expected: Expected<PlannedMessage>[] } {
  const { zone, from } = zoneOf(customer, shop);
  const audible = (plan: PlannedMessage, at: Date) =>
    keepsQuietHours(plan) ? quietEnd(at, zone, shop.quietHours) : at;
  return { zone, from, expected: forecast(customer.ledger, policy, now, zone, audible) };
}

const known: Readonly<Record<string, Contract>> = contracts;

/** As its contract says; a journey that this version does not know any more disturbs at night with service alone. */
function keepsQuietHours({ journey, message, class: rank }: PlannedMessage): boolean {
  return known[journey]?.messages[message]?.quietHours ?? rank !== 'service';
}
