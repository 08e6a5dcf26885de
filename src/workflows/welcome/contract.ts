import type { Contract, MessageFlags } from '#domain/journey.ts';

const marketing: MessageFlags = {
  kind: 'marketing',
  obeys: true,
  counts: true,
  sale: false,
  quietHours: true,
  bestTime: true,
};
/** These give the code of the first order and remind of it, and have something to say without one. */
const gives: MessageFlags = { ...marketing, sale: true, promo: 'gives', promoOptional: true };
const reminds: MessageFlags = { ...marketing, sale: true, promo: 'reminds', promoOptional: true };

/**
 * Newcomers are told how the shop works, a question a day (J1); companies have other questions than people (J2). A block is a
 * message, and called like it: what was said to a customer is known by it, whichever run said it.
 */
export const contract = {
  name: 'welcome',
  title: 'Welcome',
  class: 'lifecycle',
  topic: 'advice',
  key: 'none',
  startsOn: ['Signed Up', 'Subscribed'],
  startsWhenReachable: true,
  goalOn: ['Order Completed'],
  reentry: { overlap: 'none', once: true },
  firstAtOnce: true,
  excludesBulk: true,
  blocks: {
    'how-it-works': {
      kind: 'message',
      title: 'How shopping here works',
      next: ['first-order', 'company-papers', 'end'],
    },
    'first-order': {
      kind: 'message',
      title: 'What to begin with, and a code for the first order',
      next: ['originals', 'company-papers', 'end'],
    },
    originals: { kind: 'message', title: 'Are the goods genuine?', next: ['try-on', 'company-papers', 'end'] },
    'try-on': { kind: 'message', title: 'What if it does not suit?', next: ['novelties', 'company-papers', 'end'] },
    novelties: {
      kind: 'message',
      title: 'How to hear of novelties first',
      next: ['how-to-order', 'company-papers', 'end'],
    },
    'how-to-order': {
      kind: 'message',
      title: 'How to order and pay; the code is about to end',
      next: ['company-papers', 'end'],
    },
    'company-papers': {
      kind: 'message',
      title: 'Invoices and contracts',
      next: ['company-range', 'how-it-works', 'end'],
    },
    'company-range': {
      kind: 'message',
      title: 'Price list and goods of the industry, and a code for the first order',
      next: ['company-delivery', 'how-it-works', 'end'],
    },
    'company-delivery': {
      kind: 'message',
      title: 'Delivery to the office',
      next: ['company-manager', 'how-it-works', 'end'],
    },
    'company-manager': {
      kind: 'message',
      title: 'A manager of your own',
      next: ['company-lists', 'how-it-works', 'end'],
    },
    'company-lists': {
      kind: 'message',
      title: 'Lists for ordering again',
      next: ['company-terms', 'how-it-works', 'end'],
    },
    'company-terms': {
      kind: 'message',
      title: 'Terms for companies; the code is about to end',
      next: ['how-it-works', 'end'],
    },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: {
    'how-it-works': marketing,
    'first-order': gives,
    originals: marketing,
    'try-on': marketing,
    novelties: marketing,
    'how-to-order': reminds,
    'company-papers': marketing,
    'company-range': gives,
    'company-delivery': marketing,
    'company-manager': marketing,
    'company-lists': marketing,
    'company-terms': reminds,
  },
} as const satisfies Contract;

export type MessageName = keyof typeof contract.messages;

/** Messages that answer the same question: of these a customer gets one, also who turns out to be a company half-way. */
export const sameAnswer: Partial<Record<MessageName, MessageName>> = {
  'company-range': 'first-order',
  'company-terms': 'how-to-order',
};

/** Who has ordered need not be sold the first order; what a shop's customer should know is true after it as well. */
export const parts = ['selling', 'teaching'] as const;
export type Part = (typeof parts)[number];

export const selling: readonly MessageName[] = ['first-order', 'how-to-order', 'company-range', 'company-terms'];
