import type { Db, Trx } from '#db/connect.ts';
import type { ContactFacts } from '#db/contacts.ts';
import type { OutboxRow } from '#db/outbox.ts';
import type { Contract } from '#domain/journey.ts';
import type { UntrueReason } from '#domain/reasons.ts';
import type { ShopSettings } from '#domain/shop.ts';
import type { TellRequest } from '#domain/telling.ts';
import type { Content } from './mind.ts';
import { tellers } from './tellers.ts';

/** A message that is about to be decided on, under its customer's lock. */
export interface Telling {
  request: TellRequest;
  facts: ContactFacts;
  shop: ShopSettings;
  now: Date;
}

/** What became of a message. */
export type Became =
  | { result: 'told'; at: Date }
  | { result: 'deferred'; until: Date; at: Date }
  | { result: 'failed'; reason: string; at: Date };

/** What is a journey's own about messages of runs that have many customers (`tell`). */
export interface Teller {
  contract: Contract;
  /** Who is told: the customer who was asked for, or whom they were joined to since. Null: nobody is to be told any more. */
  whom(db: Db, request: TellRequest): Promise<string | null>;
  /** What the message speaks of, or why it would not be true any more. */
  compose(trx: Trx, telling: Telling): Promise<Content | { untrue: UntrueReason }>;
  /** Writes what follows, in the transaction that writes what became of the message. May be told the same again. */
  settle(trx: Trx, request: TellRequest, became: Became): Promise<Settled>;
}

export interface Settled {
  /** Signals to journeys, for the relay. */
  outbox: OutboxRow[];
  /** When what follows is due; business epoch ms. */
  next: number | null;
}

export function tellerOf(journey: string): Teller {
  const teller = tellers[journey];
  if (teller === undefined)
    throw new Error(`journey ${journey} tells nobody: give it a teller in src/activities/tellers.ts`);
  return teller;
}
