import type { Dice } from './dice.ts';
import { type Good, productProperties } from './goods.ts';
import { type Life, type Presence, type Stage, signIn, track } from './life.ts';
import { buy } from './orders.ts';

/** Things that exist once (J9): who likes one takes it home to try it on, and who comes too late joins its queue. */
export interface Fittings {
  /** On a fitting now. */
  out: Set<string>;
  /** Item → who waits, the longest first. */
  queues: Map<string, Life[]>;
  /** Item → until when it is shown to those who wait only; business epoch ms. */
  keptUntil: Map<string, number>;
}

export const noFittings = (): Fittings => ({ out: new Set(), queues: new Map(), keptUntil: new Map() });

/** Of those who would put an item into the cart; of fittings; of those who find an item taken; of those who wait. Assumptions. */
const sometimes = { triesOn: 0.6, keepsIt: 0.4, joins: 0.6, leaves: 0.08 };

const hour = 3_600_000;
const day = 24 * hour;
/** The shop gives each who waits sixteen hours, and needs a little between two. */
const turn = 18 * hour;

/** Who comes now cannot have it: "join the queue" stands in place of "add to cart". */
export function isTaken({ fittings }: Stage, id: string, at: number): boolean {
  if (fittings === null) return false;
  return fittings.out.has(id) || ((fittings.keptUntil.get(id) ?? 0) > at && queueOf(fittings, id).length > 0);
}

/** Whether it is a thing to look at: there, or with somebody who may send it back. */
export function isShown(stage: Stage, good: Good, at: number): boolean {
  return good.stock > 0 || isTaken(stage, good.id, at);
}

/** True where it is theirs to try on or to wait for, and the cart stays as it is. */
export function takesHome(
  stage: Stage,
  life: Life,
  at: number,
  { presence, throws }: { presence: Presence; throws: Dice },
  good: Good,
): boolean {
  if (stage.fittings === null) return false;
  if (isTaken(stage, good.id, at)) {
    if (throws.chance(sometimes.joins)) join(stage, life, at, presence, good);
    return true;
  }
  if (good.stock === 0 || !throws.chance(sometimes.triesOn)) return false;
  tryOn(stage, life, at, { presence, throws }, good);
  return true;
}

/** What this person waits for and could order now, the first of it. */
export function offeredTo({ fittings, goods }: Stage, life: Life): Good | undefined {
  if (fittings === null) return undefined;
  const waited = [...fittings.queues].filter(([id, queue]) => queue.includes(life) && !fittings.out.has(id));
  return waited.flatMap(([id]) => goods.get(id) ?? []).find(({ stock }) => stock > 0);
}

/** An item came back to the shop: those who wait come first. */
export function comesBack(stage: Stage, life: Life, at: number, id: string): void {
  const { fittings, goods } = stage;
  const good = goods.get(id);
  if (fittings === null || good === undefined) return;
  fittings.out.delete(id);
  fittings.keptUntil.set(id, at + turn * queueOf(fittings, id).length);
  tell(stage, life, at, 'Item Returned', good);
  stage.put(at, { ...good, stock: 1 });
}

/** It stays with its buyer. */
export function isSold(stage: Stage, life: Life, at: number, good: Good): void {
  if (stage.fittings === null) return;
  stage.fittings.queues.delete(good.id);
  tell(stage, life, at, 'Item Sold', good);
}

/** Who has bought it waits no more. */
export function waitsNoMore({ fittings }: Stage, life: Life, id: string): void {
  if (fittings === null) return;
  fittings.queues.set(
    id,
    queueOf(fittings, id).filter((other) => other !== life),
  );
}

function tryOn(
  stage: Stage,
  life: Life,
  at: number,
  { presence, throws }: { presence: Presence; throws: Dice },
  good: Good,
): void {
  if (!presence.isKnown) signIn(stage, life, at, presence);
  stage.fittings?.out.add(good.id);
  waitsNoMore(stage, life, good.id);
  track(stage, life, at, presence, said('Item Sent To Fitting', good));
  stage.put(at, { ...good, stock: 0 });
  const where = { ...presence };
  stage.plan(at + throws.between(1, 4) * day, (later) => {
    if (!throws.chance(sometimes.keepsIt)) return comesBack(stage, life, later, good.id);
    stage.fittings?.out.delete(good.id);
    buy(stage, life, later, where, good, throws);
  });
}

function join(stage: Stage, life: Life, at: number, presence: Presence, good: Good): void {
  const { fittings } = stage;
  if (fittings === null || queueOf(fittings, good.id).includes(life)) return;
  if (!presence.isKnown) signIn(stage, life, at, presence);
  track(stage, life, at, presence, said('Queue Joined', good));
  fittings.queues.set(good.id, [...queueOf(fittings, good.id), life]);
  const throws = stage.diceFor('waits', life.person.index, life.calls);
  if (!throws.chance(sometimes.leaves)) return;
  const where = { ...presence };
  stage.plan(at + throws.between(0.2, 5) * day, (later) => {
    if (!queueOf(fittings, good.id).includes(life)) return;
    waitsNoMore(stage, life, good.id);
    track(stage, life, later, where, said('Queue Left', good));
  });
}

const queueOf = ({ queues }: Fittings, id: string) => queues.get(id) ?? [];

const said = (event: string, good: Good) => ({ type: 'track' as const, event, properties: productProperties(good) });

/** By the shop's own people, and no browser. */
function tell(stage: Stage, life: Life, at: number, event: string, good: Good): void {
  track(stage, life, at, { profile: 'personal', browser: null, isKnown: true }, said(event, good));
}
