import { consentRules } from '#api/advertising.ts';
import type { ApiDeps } from '#api/deps.ts';
import { Problem } from '#api/problems.ts';
import { contextOf } from '#api/segment/calls.ts';
import type { ConsentRules } from '#db/consents.ts';
import { holderOf, type NewDevice, registerDevice } from '#db/devices.ts';
import { Overloaded, RefusedEvents } from '#db/intake.ts';
import { findKey } from '#db/keys.ts';
import { BadEvent, normalise } from '#domain/segment.ts';
import { defaultShop } from '#domain/shop.ts';

export type RegistrationDeps = Pick<ApiDeps, 'db' | 'clock' | 'intake' | 'relay' | 'shop'>;

/** Whose device it is, by ids that anybody may have made up; and whether its owner was asked just now. */
export interface Told {
  writeKey: string;
  userId?: string | undefined;
  anonymousId?: string | undefined;
  renewal: boolean;
}

/** Who said so, for the record of their consent. */
export interface Said {
  source: 'browser' | 'app' | 'api';
  ip: string | null;
}

/** Answers when it is committed. */
export async function register(deps: RegistrationDeps, told: Told, device: NewDevice, said: Said): Promise<void> {
  const source = await findKey(deps.db, 'sources', told.writeKey);
  if (source === null) throw new Problem('wrong_write_key');
  const customerId = await customerOf(deps, source.id, told, device);
  await give(deps, customerId, device, told.renewal ? null : said);
}

/** `allowed`: its owner said yes just now. */
export async function give(
  deps: RegistrationDeps,
  customerId: string,
  device: NewDevice,
  allowed: Said | null,
): Promise<void> {
  const registration = { customerId, allowed, at: deps.clock.now() };
  void deps.relay.push(await registerDevice(deps.db, device, registration, rulesOf(deps)));
}

export function rulesOf({ shop }: RegistrationDeps): ConsentRules {
  return consentRules(shop?.() ?? defaultShop);
}

/** A yes is an event of the customer's; so is an id that was never seen, by the same rules as everywhere. */
async function customerOf(deps: RegistrationDeps, sourceId: string, told: Told, device: NewDevice): Promise<string> {
  const { userId, anonymousId, renewal } = told;
  const who = { userId, anonymousId };
  const known = renewal ? await holderOf(deps.db, who) : null;
  if (known !== null) return known;
  const said = renewal
    ? { type: 'identify' }
    : { type: 'track', event: 'Notifications Allowed', properties: { channel: device.channel } };
  await submit(deps, sourceId, { ...said, ...who });
  const found = await holderOf(deps.db, who);
  // Erased in between, or joined just now: the next page tells it again.
  if (found === null) throw new Problem('not_stored', { headers: { 'Retry-After': '1' } });
  return found;
}

async function submit({ intake, clock, shop }: RegistrationDeps, sourceId: string, call: { type: string }) {
  try {
    await intake.submit(sourceId, [normalise(call, call.type, contextOf(clock, shop?.() ?? defaultShop, {}))]);
  } catch (error) {
    if (error instanceof BadEvent)
      throw new Problem('invalid_request', { errors: [{ field: error.field, message: error.message }] });
    if (error instanceof RefusedEvents) throw new Problem('event_refused');
    if (error instanceof Overloaded) throw new Problem('overloaded', { headers: { 'Retry-After': '1' } });
    throw error;
  }
}
