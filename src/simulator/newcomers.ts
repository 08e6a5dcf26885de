import { dice } from './dice.ts';
import { type Life, type Presence, type Stage, track } from './life.ts';

/** Somebody has signed in for the first time. Of those whom the shop knew before the story begins it was heard then. */
export function signUp(stage: Stage, life: Life, at: number, presence: Presence): void {
  if (!life.person.isKnown) track(stage, life, at, presence, { type: 'track', event: 'Signed Up', properties: {} });
}

/** A pop-up of the site: some visitors whom it does not know leave their address. */
export function meetPopUp(stage: Stage, life: Life, at: number, presence: Presence): void {
  const { person } = life;
  const email = person.emails[presence.profile];
  if (presence.isKnown || life.signedIn.size > 0 || life.hasSubscribed || email === null) return;
  // Dice of its own: with the pop-up or without it the rest of the story is the same.
  if (!dice(stage.seed, 'pop-up', person.index, life.visits).chance(stage.rates.subscribes)) return;
  life.hasSubscribed = true;
  track(stage, life, at, presence, { type: 'identify', traits: { email } });
  const properties = { channel: 'email', source: 'pop-up', text_version: '1' };
  track(stage, life, at, presence, { type: 'track', event: 'Subscribed', properties });
}
