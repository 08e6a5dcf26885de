import type { Contract, MessageFlags } from '#domain/journey.ts';

const service: MessageFlags = { kind: 'service', obeys: false, counts: false, sale: false, quietHours: false };

/** Double opt-in: who was subscribed by somebody that may not be them is asked once, by a letter with a link. */
export const contract = {
  name: 'opt-in',
  title: 'Confirmation of a subscription',
  class: 'service',
  topic: 'advice',
  key: 'none',
  startsOn: ['Subscribed'],
  goalOn: [],
  reentry: { overlap: 'none', once: false },
  blocks: {
    ask: { kind: 'message', title: 'Asks to confirm', next: ['end'] },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: { confirm: service },
} as const satisfies Contract;
