import type { Event } from './events.ts';
import { type ChannelName, channelNames } from './journey.ts';
import { type Contactability, consentRule, reachOf } from './reach.ts';
import type { ShopSettings } from './shop.ts';
import { type Topic, topics } from './topics.ts';

/** What somebody may be asked to allow: to be written to (38-FZ), and to have their data kept for it (152-FZ). */
export const purposes = ['advertising', 'personal_data'] as const;
export type Purpose = (typeof purposes)[number];

/** One cell of purposes × channels × topics; `*` is all of them. */
export interface Cell {
  purpose: Purpose;
  channel: ChannelName | '*';
  topic: Topic | '*';
}

export interface Word extends Cell {
  state: 'granted' | 'denied';
}

/** The newest word on a cell; epoch ms. */
export interface ConsentState extends Word {
  at: number;
}

const keyOf = ({ purpose, channel, topic }: Cell) => `${purpose} ${channel} ${topic}`;

const holds = (wider: string, narrower: string) => wider === '*' || wider === narrower;

/** Whether `wider` speaks of all that `narrower` speaks of. */
function covers(wider: Cell, narrower: Cell): boolean {
  return (
    wider.purpose === narrower.purpose && holds(wider.channel, narrower.channel) && holds(wider.topic, narrower.topic)
  );
}

/**
 * What holds after one more word. A yes takes out of a wider no only what it speaks of: the no stays for all other channels and
 * topics. A yes to more than a no spoke of leaves that no alone: the strictest wins. A word that is not later than what it would
 * change changes nothing, and a yes of the same instant as a no loses.
 */
export function afterWord(states: readonly ConsentState[], word: Word, at: number): ConsentState[] {
  const kept = new Map(states.map((state) => [keyOf(state), state]));
  if (word.state === 'denied') {
    const before = kept.get(keyOf(word));
    if (before === undefined || before.at <= at) kept.set(keyOf(word), { ...word, at });
    return [...kept.values()];
  }
  const denials = states.filter((state) => state.state === 'denied' && covers(state, word));
  if (denials.some((denial) => denial.at >= at)) return [...states];
  for (const denial of denials) {
    kept.delete(keyOf(denial));
    for (const other of complement(denial, word)) {
      const there = kept.get(keyOf(other));
      if (there === undefined || there.at <= denial.at) kept.set(keyOf(other), { ...denial, ...other });
    }
  }
  const before = kept.get(keyOf(word));
  if (before === undefined || before.at <= at) kept.set(keyOf(word), { ...word, at });
  return [...kept.values()];
}

/** The cells of `whole` that are none of `part`. */
function complement({ purpose, ...whole }: Cell, part: Cell): Cell[] {
  const otherChannels = whole.channel === part.channel ? [] : channelNames.filter((name) => name !== part.channel);
  const otherTopics = whole.topic === part.topic ? [] : topics.filter((name) => name !== part.topic);
  return [
    ...otherChannels.map((channel) => ({ purpose, channel, topic: whole.topic })),
    ...otherTopics.map((topic) => ({ purpose, channel: part.channel, topic })),
  ];
}

/** Whether a word says no more than what holds. */
export function isKnown(states: readonly ConsentState[], word: Word): boolean {
  const denied = states.some((state) => state.state === 'denied' && covers(state, word));
  if (word.state === 'denied') return denied;
  return !denied && states.some((state) => state.state === 'granted' && keyOf(state) === keyOf(word));
}

/** Whether the customer may be written to about a topic, as far as their own word goes: what a box on their page shows. */
export function isWanted(known: Contactability, shop: ShopSettings, channel: ChannelName, topic: Topic): boolean {
  const { consent, isUnconfirmed } = reachOf(known, channel, topic);
  if (isUnconfirmed) return false;
  return consent === 'granted' || (consent === null && consentRule(shop, channel) === 'implied');
}

/** The words by which somebody says what they want, where it differs from what holds; boxes that stay as they were say nothing. */
export function wordsFor(
  known: Contactability,
  shop: ShopSettings,
  channel: ChannelName,
  wanted: ReadonlySet<Topic>,
): Word[] {
  const word = (topic: Topic | '*', state: Word['state']): Word => ({ purpose: 'advertising', channel, topic, state });
  const before = topics.filter((topic) => isWanted(known, shop, channel, topic));
  const changed = topics.filter((topic) => before.includes(topic) !== wanted.has(topic));
  if (changed.length === 0) return [];
  if (wanted.size === 0) return [word('*', 'denied')];
  const isWhole = before.length === 0 && (wanted.size === topics.length || known.unconfirmed.includes(channel));
  if (!isWhole) return changed.map((topic) => word(topic, wanted.has(topic) ? 'granted' : 'denied'));
  const wasDenied = (topic: Topic) =>
    known.consents.some((one) => one.topic === topic && one.state === 'denied' && holds(one.channel, channel));
  return [
    word('*', 'granted'),
    ...topics.filter((topic) => wanted.has(topic) && wasDenied(topic)).map((topic) => word(topic, 'granted')),
    ...topics.filter((topic) => !wanted.has(topic)).map((topic) => word(topic, 'denied')),
  ];
}

/** An event whose sender has signed for it with a secret, unlike a website with its write key: what it says of consent is the
 *  shop's own word, which nobody has to confirm (`migrations/0007_consent.sql`). */
export function vouchedFor(event: Event, source: string): Event {
  const effects = event.effects.map((effect) => (effect.do === 'consent' ? { source, ...effect } : effect));
  return { ...event, effects };
}
