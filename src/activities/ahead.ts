import type { Facts } from '#db/facts.ts';
import type { PlanRow } from '#db/moves.ts';
import { type ChannelStep, orderOf } from '#domain/cascade.ts';
import type { ChannelName, Next } from '#domain/journey.ts';
import { reachOf, unreachableBecause } from '#domain/reach.ts';
import type { ShopSettings } from '#domain/shop.ts';
import type { Mind, Upcoming, Wait } from './mind.ts';
import { flagsOf, oddsOn } from './shared.ts';

/** What a run waits for, and the planned contact that others see of it (R2). */
export interface Ahead {
  next: Next;
  plan: PlanRow | null;
}

/** Whose run looks ahead. */
export interface Viewer {
  mind: Mind;
  facts: Facts;
  shop: ShopSettings;
}

export interface Waiting extends Wait {
  iteration?: number;
  /** The channel whose turn it will be; by default the first of the cascade on which the customer can be reached. */
  channel?: ChannelName;
  /** Why the message is not sent now. */
  heldBy?: string;
}

/** `say` names the block for people, and what holds it up: a timer's summary. */
export function aheadOf(viewer: Viewer, { block, until, upcoming, iteration = 1, ...more }: Waiting): Ahead {
  const { kind, title } = viewer.mind.contract.blocks[block] ?? { kind: 'wait', title: block };
  const first = upcoming === null ? null : firstChannel(viewer, upcoming);
  const channel = more.channel ?? first ?? upcoming?.cascade.channels[0]?.channel ?? viewer.shop.channels[0] ?? 'email';
  const name = kind === 'wait' ? title : `Waits for ${block}: ${title}`;
  const say = more.heldBy ? `${name} (${more.heldBy})` : name;
  const planned = { iteration, due: until, channel, heldBy: more.heldBy };
  const plan = upcoming === null || first === null ? null : planOf(viewer, upcoming, planned);
  return { next: { block, iteration, channel, due: until, say }, plan };
}

/** Null where nobody is there to be written to: then nothing is planned, and no slot is held. */
function firstChannel(viewer: Viewer, upcoming: Upcoming): ChannelName | null {
  const { facts, shop, mind } = viewer;
  const { kind } = flagsOf(mind, upcoming.message);
  const reachable = ({ channel }: ChannelStep) =>
    unreachableBecause(reachOf(facts.contact, channel, mind.contract.topic), kind, shop) === null;
  return channelsOf(viewer, upcoming).find(reachable)?.channel ?? null;
}

/** The step's channels in the order in which this customer gets them. */
export function channelsOf({ facts, shop }: Pick<Viewer, 'facts' | 'shop'>, { cascade }: Pick<Upcoming, 'cascade'>) {
  return orderOf(cascade, (channel) => oddsOn(facts, shop, channel));
}

interface Planned {
  iteration: number;
  due: number;
  channel: ChannelName;
  heldBy: string | undefined;
}

function planOf({ mind }: Viewer, upcoming: Upcoming, { iteration, due, channel, heldBy }: Planned): PlanRow {
  const { message, firstDue, validForMs } = upcoming;
  const { obeys, counts, sale } = flagsOf(mind, message);
  // A cascade's later channels, and a wait that newer activity has moved, may be due after `validFor` of the first.
  const until = Math.max(firstDue, due) + validForMs;
  return { message, iteration, channel, until, obeys, counts, sale, ...(heldBy !== undefined && { heldBy }) };
}
