import { decisions, engagements, events, messages, notEntered, runs } from './history.ts';
import {
  carts,
  consents,
  customers,
  interests,
  metrics,
  segmentChanges,
  segmentMembers,
  stageChanges,
} from './people.ts';
import { orders, products, promoCodes } from './trade.ts';

/** What can be exported as a whole, by the name that routes have for it (V4). */
export const exportedTables = {
  carts,
  consents,
  customers,
  decisions,
  engagements,
  events,
  interests,
  messages,
  metrics,
  'not-entered': notEntered,
  orders,
  products,
  'promo-codes': promoCodes,
  runs,
  'segment-changes': segmentChanges,
  'segment-members': segmentMembers,
  'stage-changes': stageChanges,
};

export type ExportName = keyof typeof exportedTables;
export const exportNames = Object.keys(exportedTables) as ExportName[];
