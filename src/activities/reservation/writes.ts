import type { QueueBlock, QueueWrites } from '#db/queue/write.ts';
import type { Hold, HoldOutcome, PlaceOutcome } from '#domain/item-queue-state.ts';
import type { ChannelName } from '#domain/journey.ts';
import type { Notice } from '#domain/queue-run.ts';
import type { contract } from '#workflows/reservation/contract.ts';
import { givenUpAfterMs, type Looked } from './looked.ts';

/** The rows that a look changes. */
export function writesOf(found: Looked): QueueWrites {
  const { at, request, turn, queue, dropped, fresh, outcome } = found;
  const { item, joined, begun } = turn.changes;
  const ended = endsOf(found);
  const isNew = (ids: readonly { id: string }[]) => (id: string) => ids.some((one) => one.id === id);
  const [isNewPlace, isNewHold] = [isNew(joined), isNew(begun)];
  const endOf = (list: readonly { id: string; at: number; outcome: string }[], id: string) => {
    const end = list.find((one) => one.id === id);
    return { endedAt: end?.at ?? null, outcome: end?.outcome ?? null };
  };
  return {
    itemId: request.itemId,
    at,
    item: {
      state: item.whereabouts,
      saidAt: item.saidAt,
      orderId: item.orderId,
      places: item.places,
      holds: item.holds,
      isQueued: outcome === null,
    },
    heard: queue.news.map(({ id }) => id),
    places: joined.map(({ id, customerId, number, joinedAt }) => ({
      id,
      customerId,
      number,
      joinedAt,
      ...endOf(ended.places, id),
    })),
    holds: begun.map(({ id, placeId, number }) => ({
      id,
      placeId,
      number,
      at: at.getTime(),
      ...endOf(ended.holds, id),
    })),
    ended: {
      places: ended.places.filter(({ id }) => !isNewPlace(id)),
      holds: ended.holds.filter(({ id }) => !isNewHold(id)),
    },
    notices: fresh,
    dropped,
    webhooks: turn.changes.events.map(({ event, hold, reason }) => ({
      id: `${hold.id} ${event} ${reason ?? ''}`,
      event,
      at: at.getTime(),
      customerId: hold.customerId,
      data: {
        holdId: hold.id,
        itemId: request.itemId,
        until: isoOrNull(hold.until),
        ...(reason !== null && { reason }),
      },
    })),
    run: runOf(found),
    blocks: found.runId === null ? [] : blocksOf(found),
  };
}

const isoOrNull = (instant: number | null) => (instant === null ? null : new Date(instant).toISOString());

function runOf({ runId, workflow, request, queue, turn, due, outcome }: Looked): QueueWrites['run'] {
  if (runId === null) return null;
  const block = outcome !== null ? null : turn.hold === null ? 'queue' : turn.hold.until === null ? 'offer' : 'hold';
  const settingsVersion = queue.run?.settingsVersion ?? queue.settings?.version ?? 0;
  return {
    id: runId,
    workflowId: workflow,
    journey: request.journey,
    settingsVersion,
    block,
    dueAt: outcome === null ? due : null,
    outcome,
  };
}

/** Who left before they joined did so when they said; all else ends now. */
function endsOf({ at, turn, queue }: Looked) {
  const { endedPlaces, endedHolds } = turn.changes;
  const saidAt = (customerId: string) => {
    const said = queue.news.filter((news) => news.what === 'left' && news.customerId === customerId);
    return said.length === 0 ? at.getTime() : Math.max(...said.map((news) => news.at));
  };
  return {
    places: endedPlaces.map(({ place, outcome }) => ({
      id: place.id,
      at: outcome === 'left' ? saidAt(place.customerId) : at.getTime(),
      outcome,
    })),
    holds: endedHolds.map(({ hold, outcome }) => ({ id: hold.id, at: at.getTime(), outcome })),
  };
}

/** Everything that is still to be told, the new with the old. */
export function noticesOf(found: Looked): Notice[] {
  const { at, open, settings } = found;
  const fresh = found.fresh.map((notice) => ({ ...notice, due: at.getTime() }));
  return [...open, ...fresh].map(({ id, customerId, message, iteration, channel, due }) => ({
    ref: id,
    customerId,
    block: message,
    iteration,
    message,
    channel: channel as ChannelName,
    due,
    validForMs: message === 'offer' ? offerValidForMs : settings.validForMs,
    givenUpAfterMs: givenUpAfterMs(message, settings),
  }));
}

/** Quiet hours postpone an offer and do not eat it: it is this queue that says when it is over. */
const offerValidForMs = 7 * 24 * 3_600_000;

/** Ways through the queue (V1): places wait in `queue`, holds in `offer` and then in `hold`. */
function blocksOf({ turn }: Looked): QueueBlock[] {
  const { joined, begun, endedPlaces, endedHolds } = turn.changes;
  const blocks = new Map<string, QueueBlock>();
  const put = (block: keyof typeof contract.blocks, iteration: number, left: QueueBlock['left']) =>
    blocks.set(`${block} ${iteration}`, { block, iteration, left });
  const waiting = new Map(turn.places.map((place) => [place.id, place]));
  for (const place of joined) put('queue', place.number, null);
  for (const hold of begun) put('offer', hold.number, null);
  const placeOf = (hold: Hold) =>
    waiting.get(hold.placeId) ?? endedPlaces.find(({ place }) => place.id === hold.placeId)?.place;
  const heldPlaces = new Set([...begun, ...endedHolds.map(({ hold }) => hold)].map(({ placeId }) => placeId));
  for (const hold of begun) {
    const place = placeOf(hold);
    if (place) put('queue', place.number, { result: 'passed', reason: null });
  }
  for (const { hold, outcome } of endedHolds) {
    put(hold.until === null ? 'offer' : 'hold', hold.number, leftBy(outcome));
    const place = waiting.get(hold.placeId);
    if (place && turn.hold?.placeId !== place.id) put('queue', place.number, null);
  }
  for (const { place, outcome } of endedPlaces)
    if (!heldPlaces.has(place.id)) put('queue', place.number, leftBy(outcome));
  return [...blocks.values()];
}

function leftBy(outcome: HoldOutcome | PlaceOutcome): QueueBlock['left'] {
  return outcome === 'ordered' || outcome === 'fitting'
    ? { result: 'passed', reason: null }
    : { result: 'dropped', reason: `queue:${outcome}` };
}
