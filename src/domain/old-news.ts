import type { Event } from './events.ts';
import { type Holders, identitiesOf } from './identity.ts';
import { changeOrder, type OrderState } from './orders.ts';
import { sameJson } from './shapes.ts';

/** Whether an event tells what is known already: what an import leaves out, so that a file may come again. Pure. */

/** `isErased`: its customer was, and does not come back by a file of what they bought. */
export interface KnownOrder extends OrderState {
  isErased: boolean;
}

/** The order is as it says, and all that it names of the customer is somebody's. */
export function isKnownOrder(event: Event, order: KnownOrder | undefined, holders: Holders): boolean {
  const said = event.effects.find((effect) => effect.do === 'order')?.order;
  if (said === undefined || order === undefined) return false;
  if (order.isErased) return true;
  const change = { ...said, customerId: order.customerId, profile: event.profile, at: event.occurredAt.getTime() };
  return changeOrder(order, change).row === null && areHeld(event, holders);
}

/** A customer as far as imports tell of them. Instants are epoch ms. */
export interface KnownPerson {
  id: string;
  traits: Record<string, unknown>;
  traitsAt: Record<string, string>;
  profiles: {
    kind: string;
    email: string | null;
    emailAt: number | null;
    phone: string | null;
    phoneAt: number | null;
  }[];
  /** Words on advertising as a whole: what holds, and all that were said. */
  consent: string | null;
  words: { state: string; at: number }[];
}

export function isKnownPerson(event: Event, persons: ReadonlyMap<string, KnownPerson>, holders: Holders): boolean {
  if (!areHeld(event, holders)) return false;
  const [first] = identitiesOf(event.who);
  const id = first && holders(first.kind, first.value)?.customerId;
  const person = id === undefined ? undefined : persons.get(id);
  if (person === undefined) return false;
  const at = event.occurredAt.getTime();
  const profile = person.profiles.find(({ kind }) => kind === event.profile);
  return event.effects.every((effect) => {
    if (effect.do === 'trait') {
      const { [effect.name]: value } = person.traits;
      return sameJson(value, effect.value) || at < Date.parse(person.traitsAt[effect.name] ?? '');
    }
    if (effect.do === 'contact') {
      const { channel, address } = effect;
      const saidAt = profile?.[`${channel}At`] ?? null;
      return profile?.[channel] === address || (saidAt !== null && at < saidAt) || isOthers(channel, address);
    }
    if (effect.do !== 'consent') return false;
    return (
      person.consent === effect.state || person.words.some((word) => word.at === at && word.state === effect.state)
    );
  });

  function isOthers(kind: 'email' | 'phone', address: string): boolean {
    return holders(kind, address)?.customerId !== id;
  }
}

function areHeld({ who }: Event, holders: Holders): boolean {
  return identitiesOf(who).every(({ kind, value }) => holders(kind, value) !== undefined);
}
