import type { QueueRead } from '#db/queue/read.ts';
import type { NoticeRow } from '#db/queue/write.ts';
import { durationMs } from '#domain/duration.ts';
import type { QueueTurn } from '#domain/item-queue.ts';
import type { Changes, ToTell } from '#domain/item-queue-state.ts';
import type { ChannelName, Outcome } from '#domain/journey.ts';
import type { LookRequest } from '#domain/queue-run.ts';
import type { Prepared } from './settings.ts';

/** A look at a queue, with all that follows from it. */
export interface Looked {
  at: Date;
  /** Business seconds in one on the wall: leases are wall time. */
  scale: number;
  request: LookRequest;
  workflow: string;
  queue: QueueRead;
  settings: Prepared;
  turn: QueueTurn;
  /** By which customers are told. */
  channels(customerId: string): readonly ChannelName[];
  /** Null: nothing has begun. */
  runId: string | null;
  /** Notices that were open before, and stay so. */
  open: QueueRead['notices'];
  /** Those that are new. */
  fresh: Fresh[];
  dropped: { id: string; result: string }[];
  /** When to look again (null: only news can change anything), and when the run has something to do: business epoch ms. */
  wake: number | null;
  due: number;
  outcome: Outcome | null;
  story: string[];
}

export type Fresh = NoticeRow & { customerId: string };

/** Longer than its workflow rests: a run that is due later than that has lost it. */
const lookAgainMs = durationMs('P31D');

type Given = Pick<Looked, 'at' | 'scale' | 'request' | 'workflow' | 'queue' | 'settings' | 'turn' | 'channels'>;

export function looked(given: Given, makeId: () => string): Looked {
  const { turn, queue, at, request } = given;
  const dropped = droppedOf(given);
  const open = queue.notices.filter(({ id }) => !dropped.some((one) => one.id === id));
  const fresh = toTell(given, makeId);
  const isOver = turn.places.length === 0 && open.length === 0 && fresh.length === 0;
  const now = at.getTime();
  const wake = earliest([turn.wakeAt(now), ...leasesOf(given, open)]);
  const outcome = !isOver
    ? null
    : request.stop
      ? 'exited:stopped'
      : turn.item.whereabouts === 'sold'
        ? 'goal'
        : 'nothing_left';
  return {
    ...given,
    dropped,
    open,
    fresh,
    runId: queue.run?.id ?? (isOver ? null : makeId()),
    wake,
    due: Math.min(wake ?? now + lookAgainMs, ...open.map(({ due }) => due), ...(fresh.length > 0 ? [now] : [])),
    outcome,
    story: storyOf(turn.changes),
  };
}

function toTell({ turn, channels }: Given, makeId: () => string): Fresh[] {
  return turn.changes.tell.flatMap(({ message, place: { id: placeId, customerId }, hold, iteration }) => {
    // What was offered and is over by now is not told any more.
    if (message === 'offer' && turn.hold?.id !== hold?.id) return [];
    const about = { placeId, holdId: hold?.id ?? null, message, iteration, customerId };
    return channels(customerId).map((channel) => ({ id: makeId(), ...about, channel }));
  });
}

/** Offers of holds that are over, and what nobody has taken in all its time. What may still be on its way stays open until its worker
 *  has told, or its lease is over: dropped before, a message of a worker that died would be nobody's. */
function droppedOf({ queue, turn, settings, at, request }: Given): Looked['dropped'] {
  if (request.stop) return queue.notices.map(({ id }) => ({ id, result: 'stopped' }));
  return queue.notices.flatMap(({ id, message, holdId, due, submittingMs }) => {
    if (submittingMs > 0) return [];
    if (message === 'offer') return turn.hold?.id === holdId ? [] : [{ id, result: 'over' }];
    return due + settings.validForMs + tooLateMs < at.getTime() ? [{ id, result: 'late' }] : [];
  });
}

/** When those that are on their way to somebody who has nothing to wait for are to be looked after. */
function leasesOf({ turn, at, scale }: Given, open: Looked['open']): number[] {
  const over = open.filter(({ submittingMs, holdId }) => submittingMs > 0 && holdId !== turn.hold?.id);
  return over.map(({ submittingMs }) => at.getTime() + submittingMs * scale);
}

const earliest = (instants: readonly (number | null)[]) => {
  const known = instants.filter((instant) => instant !== null);
  return known.length === 0 ? null : Math.min(...known);
};

/** The decision on a message allows it an hour after its time; then there is nobody left who would decide. */
const tooLateMs = durationMs('PT2H');

/** How long after a notice came due a workflow waits for its channel. */
export function givenUpAfterMs(message: string, { offerWithinMs, validForMs }: Prepared): number {
  return message === 'offer' ? offerWithinMs : validForMs + tooLateMs;
}

const told: Record<ToTell['message'], string> = {
  offer: 'is offered the item',
  'hold-cancelled': 'did not order in time',
  overtaken: 'was overtaken by somebody else’s order',
  'item-sold': 'is told that it was sold',
};

function storyOf({ joined, endedPlaces, tell }: Changes): string[] {
  const left = endedPlaces.filter(({ outcome }) => !['expired', 'overtaken', 'sold'].includes(outcome));
  return [
    ...joined.map(({ customerId, number }) => `\`${customerId}\` joined as number ${number}`),
    ...left.map(({ place, outcome }) => `\`${place.customerId}\` waits no more: ${outcome}`),
    ...tell.map(({ message, place }) => `\`${place.customerId}\` **${told[message]}**`),
  ];
}
