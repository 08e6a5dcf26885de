import type { Contract, MessageFlags } from '#domain/journey.ts';

const marketing: MessageFlags = {
  kind: 'marketing',
  obeys: true,
  counts: true,
  sale: false,
  quietHours: true,
  bestTime: true,
};

/**
 * Replenishment (J14): what a customer has nearly used up, in one message. No event starts it: the nightly job does, for whoever has
 * goods that run out (`src/activities/replenishment/job.ts`). Its goal is that they are bought.
 */
export const contract = {
  name: 'replenishment',
  title: 'Time to stock up',
  class: 'lifecycle',
  topic: 'reminders',
  key: 'none',
  startsOn: [],
  goalOn: ['Order Completed'],
  reentry: { overlap: 'none', once: false },
  blocks: {
    'stock-up-1': { kind: 'message', title: 'What is running out', next: ['stock-up-2', 'end'] },
    'stock-up-2': { kind: 'message', title: 'What is still not bought', next: ['end'] },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: { 'running-out': marketing, 'run-out': marketing },
} as const satisfies Contract;

export type MessageName = keyof typeof contract.messages;
