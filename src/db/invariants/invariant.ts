import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { DB } from '#db/schema.ts';

/** What must never be, and is. */
export interface Violation {
  /** Which promise is broken. */
  invariant: string;
  /** One sentence: where, with ids that lead there. Nothing personal. */
  what: string;
}

/** What a journey's own rules say, as plain data. */
export interface JourneyRules {
  /** The same goods are not spoken of by the same message again within so many ms of business time. */
  repeatAfterMs?: number;
  /** What a run has offered, and nobody has bought since, no other run offers within so many ms of business time. */
  pauseMs?: number;
  /** Of the price of one product nobody is told again within so many ms of business time. */
  priceAgainAfterMs?: number;
  /** Its runs follow an order each: none speaks after a newer one has begun. */
  followsOrders?: boolean;
  /** A customer goes through it once. */
  once?: boolean;
  /** Messages that go whatever the contact policy says. */
  ignorePolicy?: readonly string[];
}

export interface Circumstances {
  /** Business time. */
  now: Date;
  /** All that was to be done is done: nothing is on its way to a run or a provider, and nobody comes any more. */
  isAtRest: boolean;
  /** By journey; what is left out is not looked at. */
  journeys: Readonly<Record<string, JourneyRules>>;
  /** Business ms by which instants that two processes wrote one after the other may be the wrong way round. */
  slackMs: number;
}

export type Any = Kysely<DB>;

/** Looks for what breaks one promise; answers a sentence for each. */
export type Invariant = (db: Any, circumstances: Circumstances) => Promise<string[]>;

/** Of a breach that may have thousands of rows, so many are told. */
export const mostTold = 20;

/** The sentences that a query selects as `what`. */
export async function sentences(db: Any, query: RawBuilder<{ what: string }>): Promise<string[]> {
  const { rows } = await sql<{ what: string }>`select what from (${query}) broken limit ${mostTold}`.execute(db);
  return rows.map(({ what }) => what);
}
