import type { Trx } from '#db/connect.ts';
import type { Facts } from '#db/facts.ts';
import type { Cascade } from '#domain/cascade.ts';
import type { Contract } from '#domain/journey.ts';
import type { PromoSetting } from '#domain/promo.ts';
import type { NotEnteredReason, UntrueReason } from '#domain/reasons.ts';
import type { ShopSettings } from '#domain/shop.ts';
import type { MessageModel, Renderer } from '#rendering/model.ts';
import type { ActivityDeps } from './deps.ts';

/** What a journey knows how to do now, from the facts alone. */
export type Step =
  | { do: 'nothing'; why: 'completed' | 'nothing_left' }
  | (Wait & { do: 'wait'; progress: unknown })
  | Candidate;

/** What a run waits in, until when, and for which message where it is known. */
export interface Wait {
  block: string;
  until: number;
  upcoming: Upcoming | null;
}

/** A message to come: a planned contact (R2). */
export interface Upcoming {
  message: string;
  /** `validForMs` runs from it. */
  firstDue: number;
  validForMs: number;
  cascade: Cascade;
}

/** A message that is due. `block` is where it stands in the journey. */
export interface Candidate extends Upcoming {
  do: 'send';
  block: string;
  iteration: number;
  refs: string[];
  /** The id that the message gets in the ledger, where somebody was told it beforehand. */
  id?: string;
  /** Where a message takes its promo code from that gives one or reminds of one (`MessageFlags.promo`): `deliver` puts it in. */
  promo?: PromoSetting | null;
  /** The run's memory while the message is on its way or deferred. */
  progress: unknown;
}

export interface Content
  extends Pick<MessageModel, 'goods' | 'more' | 'category' | 'categories' | 'promo'>,
    Partial<Pick<MessageModel, 'data'>> {
  /** Texts that are not the journey's own. */
  render?: Renderer['render'];
}

export interface Situation {
  facts: Facts;
  now: number;
  shop: ShopSettings;
  /** When what started the run happened; business epoch ms, as all instants here. */
  triggerAt: number;
  /** The run's memory; null where it has none yet. */
  progress: unknown;
  /** When a wait of `ms` ends that begins at `from`: long ones at the customer's best hour (R5). */
  waitEnd(from: number, ms: number): number;
}

/**
 * What is a journey's own among activities: which step is due and what a message speaks of. Everything else
 * (lock, consent, policy, quiet hours, cascade, ledger, sending) is the same for all.
 */
export interface Mind {
  contract: Contract;
  /** What is the journey's own among the facts: read under the same lock, whatever is asked. Most have none, and pay for none. */
  load?(trx: Trx, facts: Facts, key: string): Promise<Facts>;
  isEnabled(facts: Facts): boolean;
  entryValidForMs(facts: Facts): number;
  /** Why nobody enters for whom what starts the journey is not true any more. */
  refuses?(facts: Facts): NotEnteredReason | null;
  step(situation: Situation): Step;
  /** The run's memory once the step that it holds was sent, skipped or dropped. */
  done(progress: unknown, at: number): unknown;
  /** What a run waits for first. */
  first(situation: Situation): Wait;
  /** What an order since the trigger means for the run. `turns`: it goes on, but not with what it waits for, so it looks at once.
   *  Left out, an order ends it. */
  afterOrder?(situation: Situation): 'ends' | 'turns' | 'goes_on';
  /** Whether activity that a run has not read deserves a run of its own now that it ends. */
  deservesAnother(situation: Situation): boolean;
  /** Whether a run that ends leaves something unsaid that is no activity of the customer's, and came too late for it. Left out: never. */
  leavesBehind?(situation: Situation): boolean;
  /** What the message speaks of, or why it would not be true (R4). */
  compose(
    trx: Trx,
    situation: Situation,
    candidate: Candidate,
    deps: ActivityDeps,
  ): Promise<Content | { untrue: UntrueReason }>;
}
