import type { Dice } from './dice.ts';
import { comesBack, isSold, isTaken, waitsNoMore } from './fitting.ts';
import { type Good, goodIn, productProperties } from './goods.ts';
import { type Life, type Presence, type Stage, signIn, track } from './life.ts';
import { usesUp } from './supplies.ts';

const day = 86_400_000;
const currency = 'RUB';

interface Line {
  good: Good;
  quantity: number;
}

/** What is in the cart and still to be had there; the rest falls out of it. */
function linesOf(stage: Stage, { region }: Life['person'], cart: Map<string, number>): Line[] {
  return [...cart].flatMap(([id, wanted]) => {
    const known = stage.goods.get(id);
    const good = known && goodIn(region, known);
    const quantity = Math.min(wanted, good?.stock ?? 0);
    return good && quantity > 0 ? [{ good, quantity }] : [];
  });
}

const described = (lines: readonly Line[]) => lines.map(({ good, quantity }) => productProperties(good, quantity));

export function viewCart(stage: Stage, life: Life, at: number, presence: Presence): void {
  const properties = { products: described(linesOf(stage, life.person, life.carts[presence.profile])) };
  track(stage, life, at, presence, { type: 'track', event: 'Cart Viewed', properties });
}

/** Checkout and order. Who was not signed in says now who they are: goods go to somebody. */
export function checkOut(stage: Stage, life: Life, at: number, presence: Presence, throws: Dice): void {
  const cart = life.carts[presence.profile];
  const lines = linesOf(stage, life.person, cart);
  if (lines.length === 0) return;
  if (!presence.isKnown) signIn(stage, life, at, presence);
  const properties = { products: described(lines) };
  track(stage, life, at, presence, { type: 'track', event: 'Checkout Started', properties });
  stage.plan(at + throws.between(30, 300) * 1000, (paidAt) => {
    // Somebody else may have been quicker.
    const left = linesOf(stage, life.person, cart);
    if (left.length === 0) return;
    cart.clear();
    order(stage, life, paidAt, presence, left, throws);
  });
}

/** Something bought at a counter, told later by the shop's accounting: nobody browsed for it. */
export function buyOffline(stage: Stage, life: Life, at: number, throws: Dice): void {
  const all = [...stage.goods.values()].map((good) => goodIn(life.person.region, good));
  const there = all.filter(({ id, stock }) => stock > 0 && !isTaken(stage, id, at));
  const good = there[throws.whole(0, Math.max(0, there.length - 1))];
  const presence: Presence = { profile: 'personal', browser: null, isKnown: true };
  if (good && life.signedIn.size > 0) order(stage, life, at, presence, [{ good, quantity: 1 }], throws);
}

/** One item, without a cart. */
export function buy(stage: Stage, life: Life, at: number, presence: Presence, good: Good, throws: Dice): void {
  order(stage, life, at, presence, [{ good, quantity: 1 }], throws);
}

function order(stage: Stage, life: Life, at: number, where: Presence, lines: readonly Line[], throws: Dice): void {
  const { person } = life;
  const { rates } = stage;
  // What comes of it later is told by the shop, and by no browser.
  const presence = { ...where };
  life.orders += 1;
  const order_id = `${person.userId}-order-${life.orders}`;
  const total = lines.reduce((sum, { good, quantity }) => sum + good.price * quantity, 0) / 100;
  const channel = presence.browser === null ? 'offline' : 'web';
  // Who followed a letter that gave a code uses it.
  const coupon = channel === 'web' ? life.codes.shift() : undefined;
  const properties = { order_id, total, currency, channel, products: described(lines), ...(coupon && { coupon }) };
  track(stage, life, at, presence, { type: 'track', event: 'Order Completed', properties });
  for (const { good, quantity } of lines) {
    changeStock(stage, at, good.id, -quantity);
    waitsNoMore(stage, life, good.id);
    usesUp(stage, life, at, presence, { good, quantity });
  }

  const givesBack = (event: 'Order Cancelled' | 'Order Refunded') => (later: number) => {
    const undone = { ...presence, browser: null, isKnown: true };
    track(stage, life, later, undone, { type: 'track', event, properties: { order_id, total, currency } });
    for (const { good, quantity } of lines) {
      if (stage.fittings === null) changeStock(stage, later, good.id, quantity);
      else comesBack(stage, life, later, good.id);
    }
  };
  // Who is never heard of again does not come to give anything back.
  if (person.isSilent) return;
  if (throws.chance(rates.cancels)) stage.plan(at + throws.between(0.5, 20) * 3_600_000, givesBack('Order Cancelled'));
  else if (throws.chance(rates.returns * person.eagerness.returns))
    stage.plan(at + throws.between(4, 20) * day, givesBack('Order Refunded'));
  else if (stage.fittings !== null)
    stage.plan(at + throws.between(1, 5) * day, (later) => {
      for (const { good } of lines) isSold(stage, life, later, good);
    });
}

function changeStock(stage: Stage, at: number, id: string, by: number): void {
  const good = stage.goods.get(id);
  if (good) stage.put(at, { ...good, stock: Math.max(0, good.stock + by) });
}
