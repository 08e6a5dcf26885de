import type { ItemState } from './item-queue-state.ts';
import type { ChannelName, Outcome } from './journey.ts';
import type { TellRequest } from './telling.ts';

/** What travels between the workflow of an item's queue and its activities (J9). Customers are opaque ids. */

/** Somebody asks by themselves, and waits for the answer. */
export interface QueueAsk {
  do: 'join' | 'leave';
  customerId: string;
}

/** `position`: 0 where the item is kept for them, null where they are not in the queue. */
export type QueueAnswer =
  | { result: 'ok'; position: number | null; state: ItemState; until: number | null }
  /** The customer was joined to another: ask for that one. */
  | { result: 'merged'; into: string }
  | { result: 'erased' };

export interface LookRequest {
  journey: string;
  itemId: string;
  asks: QueueAsk[];
  /** A person has stopped the queue: everybody leaves it. */
  stop: boolean;
}

/** A message that is to be told, once it is due. */
export interface Notice extends Omit<TellRequest, 'journey' | 'key' | 'runId'> {
  channel: ChannelName;
  /** Business ms from its being due after which nobody waits for its channel any more. */
  givenUpAfterMs: number;
}

/** The queue after a look at it. Instants are business epoch ms. */
export interface LookAnswer {
  runId: string | null;
  /** Answers in the order of the asks. */
  answers: QueueAnswer[];
  state: ItemState;
  hold: { customerId: string; until: number | null } | null;
  /** Who waits, in order; without the holder. */
  waiting: string[];
  notices: Notice[];
  /** When to look again; null: only news can change anything. */
  wake: number | null;
  /** How the run ended; null: it goes on. */
  outcome: Outcome | null;
  /** What has happened, a line of markdown each. */
  story: string[];
}
