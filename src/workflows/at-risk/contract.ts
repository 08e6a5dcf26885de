import type { Contract, MessageFlags } from '#domain/journey.ts';

const marketing: MessageFlags = {
  kind: 'marketing',
  obeys: true,
  counts: true,
  sale: true,
  quietHours: true,
  bestTime: true,
};
const gives: MessageFlags = { ...marketing, promo: 'gives' };
const reminds: MessageFlags = { ...marketing, promo: 'reminds' };

/**
 * At-risk customers (J12): who has not ordered for longer than is usual gets a promo code, and two weeks later, without an order, a
 * reminder that it is about to end. Each entry into the stage is a run of its own; a block is a message, and called like it.
 */
export const contract = {
  name: 'at-risk',
  title: 'At risk',
  class: 'lifecycle',
  topic: 'offers',
  key: 'occasion',
  startsOn: [],
  startsOnStage: { stages: ['at_risk'] },
  goalOn: ['Order Completed'],
  reentry: { overlap: 'none', once: true },
  offByDefault: true,
  blocks: {
    promo: { kind: 'message', title: 'A promo code, so that they come again', next: ['promo-ends', 'end'] },
    'promo-ends': { kind: 'message', title: 'The code is about to end', next: ['end'] },
    'company-promo': {
      kind: 'message',
      title: 'A promo code for the company’s next order',
      next: ['company-promo-ends', 'end'],
    },
    'company-promo-ends': { kind: 'message', title: 'The company’s code is about to end', next: ['end'] },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: {
    promo: gives,
    'promo-ends': reminds,
    'company-promo': gives,
    'company-promo-ends': reminds,
  },
} as const satisfies Contract;
