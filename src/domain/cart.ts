import type { Effect } from './events.ts';
import type { ProfileKind } from './journey.ts';

/** A line of a cart. Quantity 0 is a tombstone: what was removed stays removed when a late 'added' comes in. */
export interface CartState {
  customerId: string;
  profile: ProfileKind;
  product: string;
  quantity: number;
  addedAt: number;
  updatedAt: number;
}

type Line = Omit<CartState, 'customerId' | 'profile'>;
type CartEffect = Extract<Effect, { do: `cart_${string}` }>;

/** Beyond this a quantity is a mistake, and beyond 2^31 the column ends. */
const most = 1_000_000;

/** The lines that one effect changes. What was put in before the last order (`orderedAt`) went with it. */
export function changeCart(cart: readonly Line[], effect: CartEffect, at: number, orderedAt: number | null): Line[] {
  if (orderedAt !== null && at <= orderedAt) return [];
  if (effect.do === 'cart_set') return replaceCart(cart, effect.lines, at);
  const { product, quantity } = effect;
  const line = cart.find((one) => one.product === product);
  return effect.do === 'cart_add' ? add(line, product, quantity ?? 1, at) : remove(line, product, quantity ?? most, at);
}

/** An order takes everything that lay in the cart when it was made. */
export function emptyCart(cart: readonly CartState[], at: number): CartState[] {
  const taken = cart.filter((line) => line.updatedAt <= at && line.quantity > 0);
  return taken.map((line) => ({ ...line, quantity: 0, updatedAt: at }));
}

/** Additions count in any order, except to a line that was removed later. */
function add(line: Line | undefined, product: string, quantity: number, at: number): Line[] {
  if (line === undefined || (line.quantity === 0 && line.updatedAt <= at)) {
    return [{ product, quantity, addedAt: at, updatedAt: at }];
  }
  if (line.quantity === 0) return [];
  const total = Math.min(most, line.quantity + quantity);
  return [{ product, quantity: total, addedAt: Math.min(line.addedAt, at), updatedAt: Math.max(line.updatedAt, at) }];
}

function remove(line: Line | undefined, product: string, quantity: number, at: number): Line[] {
  if (line === undefined) return [{ product, quantity: 0, addedAt: at, updatedAt: at }];
  if (line.updatedAt > at) return [];
  return [{ ...line, quantity: Math.max(0, line.quantity - quantity), updatedAt: at }];
}

/** The whole cart as it was seen at `at`: lines changed later are newer than that. */
function replaceCart(
  cart: readonly Line[],
  lines: readonly { product: string; quantity: number }[],
  at: number,
): Line[] {
  const known = new Map(cart.map((line) => [line.product, line]));
  const seen = new Set(lines.map((line) => line.product));
  const gone = cart.filter((line) => !seen.has(line.product) && line.quantity > 0 && line.updatedAt <= at);
  const kept = lines.flatMap(({ product, quantity }) => {
    const line = known.get(product);
    if (line && line.updatedAt > at) return [];
    const addedAt = line && line.quantity > 0 ? line.addedAt : at;
    return [{ product, quantity: Math.min(most, quantity), addedAt, updatedAt: at }];
  });
  return [...kept, ...gone.map((line) => ({ ...line, quantity: 0, updatedAt: at }))];
}
