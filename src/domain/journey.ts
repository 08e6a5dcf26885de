/**
 * What a journey is, in plain data, and what travels between a workflow and its activities.
 * Nothing here is personal: these shapes end up in Temporal histories.
 */

import type { ExitReason } from './reasons.ts';
import type { Stage } from './stages.ts';
import type { Topic } from './topics.ts';

/** Classes of contact by rank: a lower number takes the slot first (`semantics.md`, Policy). */
export const contactClasses = ['service', 'lifecycle', 'item_event', 'abandonment', 'bulk'] as const;
export type ContactClass = (typeof contactClasses)[number];

export const channelNames = ['email', 'telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'] as const;
export type ChannelName = (typeof channelNames)[number];

/** A customer's two hats: a person and a company (J8). */
export const profileKinds = ['personal', 'corporate'] as const;
export type ProfileKind = (typeof profileKinds)[number];

/** What tells one run of a journey from another for the same customer. `item`: the run is the item's, not a customer's. `order`: a state of an order (`orderKey`); `purchase`:
 *  an order, whatever becomes of it; `request`: what the open API was asked to send; `offer`: an item that the customer was offered, by whoever starts the run;
 *  `occasion`: a profile and what happened to it, such as a quarter (`occasionKey`). */
export type RunKey = 'none' | 'profile' | 'order' | 'purchase' | 'request' | 'item' | 'offer' | 'occasion';

export interface Block {
  /** `wait`: nothing is sent. `message`: a contact, whatever channels it uses. `end`: where runs leave. */
  kind: 'wait' | 'message' | 'end';
  title: string;
  /** Blocks that may follow, for the picture of the journey. */
  next: readonly string[];
}

export interface Contract {
  name: string;
  title: string;
  class: ContactClass;
  /** What its marketing is about: who does not want that topic is not written to. */
  topic: Topic;
  key: RunKey;
  /** Event names that start a run, where none is live for the customer and key. */
  startsOn: readonly string[];
  /** Lifecycle stages whose entry starts a run of that profile (P3): its key is an `occasion`. `quarterly`: each quarter again, as long
   *  as they are in one of them. The settings have `spreadOver`. */
  startsOnStage?: { stages: readonly Stage[]; quarterly?: true };
  /** Owners of a product are started when one that takes its place is presented; the key is that one. */
  startsOnModel?: true;
  /** Event names that reach the goal of a live run. */
  goalOn: readonly string[];
  /** Event names that end the live run of what they are about, and as what. */
  exitOn?: Readonly<Record<string, ExitReason>>;
  /** `overlap: 'none'`: a customer has at most one live run for a key. */
  reentry: { overlap: 'none'; once: boolean };
  /** Runs only where somebody has switched it on: until then its triggers cost nothing. */
  offByDefault?: true;
  /** Who met the trigger while they could not be written to starts when they can be: welcome waits for an address, or for a yes. */
  startsWhenReachable?: true;
  /** The first message does not wait for the best hour (welcome, abandonment). */
  firstAtOnce?: true;
  /** While a run goes on, its customer gets no bulk (J1). */
  excludesBulk?: true;
  blocks: Readonly<Record<string, Block>>;
  /** Message name → its flags. `sale` counts against the share of sale messages. */
  messages: Readonly<Record<string, MessageFlags>>;
  /** Flags of messages whose texts are not the journey's own: the shop's templates. */
  otherMessages?: MessageFlags;
}

/** The blocks that send, in the order in which the contract names them. */
export function messageBlocks({ blocks }: Pick<Contract, 'blocks'>): string[] {
  return Object.keys(blocks).filter((name) => blocks[name]?.kind === 'message');
}

export interface MessageFlags {
  kind: 'marketing' | 'service';
  /** Asks the contact policy before it goes. */
  obeys: boolean;
  /** Takes a slot of the contact policy. */
  counts: boolean;
  sale: boolean;
  quietHours: boolean;
  /** Goes at the customer's best hour (R5): put off for it once. */
  bestTime?: boolean;
  /** Gives a promo code of a pool, or reminds of the one that its run gave (R8). */
  promo?: 'gives' | 'reminds';
  /** Has something to say without a code, too, and then goes without one; but where a pool that it names is empty, it does not go. */
  promoOptional?: true;
}

/** Business time = origin + (wall − origin) × scale. Epoch milliseconds. */
export interface TimeScale {
  origin: number;
  scale: number;
}

/** A workflow's input: who, why, and how fast time runs. Survives continue-as-new. */
export interface Entry {
  journey: string;
  /** Empty where the run is of an item or a campaign. */
  customerId: string;
  key: string;
  /** ISO 8601, business time: when the event that started it happened. */
  triggerAt: string;
  time: TimeScale;
}

/** The signals that every journey understands: a name for each, so that a run's timeline tells them apart. */
export const noticeKinds = ['start', 'goal', 'exit', 'advance'] as const;

/** What each of those signals says; it is named after its kind. Idempotent by its content. */
export interface Notice {
  kind: (typeof noticeKinds)[number];
  /** An event name or an exit reason, never anything personal. */
  reason: string;
  /** ISO 8601, business time. */
  at: string;
}

/** What a run waits for. `due` is business time, epoch milliseconds; `say` is a timer's summary in Temporal UI. */
export interface Next {
  block: string;
  iteration: number;
  /** The channel that is asked first: its queue runs the activity. */
  channel: ChannelName;
  due: number;
  say: string;
}

export type EnterAnswer =
  | { entered: true; runId: string; settingsVersion: number; asked: number; next: Next }
  | { entered: false; outcome: Outcome };

/** What every request of a run says: which one, whose, and with which key. */
export interface RunRequest {
  runId: string;
  journey: string;
  customerId: string;
  key: string;
}

export interface DeliverRequest extends RunRequest {
  /** Counts the requests of a run from 1: one that is asked again gets the same answer. */
  ask: number;
  /** What the workflow waited for; the decision may turn to another block. */
  block: string;
  iteration: number;
  channel: ChannelName;
}

/** `next: null`: nothing is left to do. `story` is one line of markdown for Temporal UI. */
export interface DeliverAnswer {
  story: string;
  next: Next | null;
}

export interface FinishRequest extends RunRequest {
  /** Why the run left its path before the end, or null: `finish` finds the outcome itself, under the customer's lock. */
  exit: string | null;
}

/** `again`: activity came in that the run had not read when it ended, so a fresh run must look at it.
 *  Not ended: a false alarm, such as an old order that arrived late; the run goes on waiting. */
export type FinishAnswer =
  | { ended: true; outcome: Outcome; again: { triggerAt: string } | null }
  | { ended: false; next: Next };

export type Outcome = 'goal' | 'completed' | `exited:${string}` | `not_entered:${string}` | 'nothing_left';
