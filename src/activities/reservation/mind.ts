import type { Mind } from '#activities/mind.ts';
import { contract } from '#workflows/reservation/contract.ts';
import { settingsOf } from './settings.ts';

/** Of runs that are a customer's own there are none: the queue is an item's (`look.ts`), and its messages are told by `tell`. */
export const mind: Mind = {
  contract,
  isEnabled: ({ settings: { journey } }) => settingsOf(journey).raw.enabled,
  entryValidForMs: () => 0,
  step: () => ({ do: 'nothing', why: 'nothing_left' }),
  done: (progress) => progress,
  first: ({ now }) => ({ block: 'queue', until: now, upcoming: null }),
  deservesAnother: () => false,
  compose: () => Promise.reject(new Error('messages of the queue are told by `tell`, not delivered')),
};
