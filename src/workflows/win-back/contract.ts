import type { Contract, MessageFlags } from '#domain/journey.ts';

const offer: MessageFlags = {
  kind: 'marketing',
  obeys: true,
  counts: true,
  sale: true,
  quietHours: true,
  bestTime: true,
  promo: 'gives',
  promoOptional: true,
};

/**
 * Win-back (J13): lost and gone customers get a special offer once a quarter, as long as they stay so. A quarter is a run of its own,
 * which ends with its message: nothing sleeps for months, and a quarter costs four actions of Temporal.
 */
export const contract = {
  name: 'win-back',
  title: 'Win-back',
  class: 'lifecycle',
  topic: 'offers',
  key: 'occasion',
  startsOn: [],
  startsOnStage: { stages: ['lost', 'gone'], quarterly: true },
  goalOn: ['Order Completed'],
  reentry: { overlap: 'none', once: true },
  offByDefault: true,
  blocks: {
    offer: { kind: 'message', title: 'A special offer', next: ['end'] },
    'company-offer': { kind: 'message', title: 'A special offer for the company', next: ['end'] },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: { offer, 'company-offer': offer },
} as const satisfies Contract;
