import type { ProfileKind } from '#domain/journey.ts';
import { type Dice, dice } from './dice.ts';
import { isShown, offeredTo, takesHome } from './fitting.ts';
import { type Good, goodIn, productProperties } from './goods.ts';
import { type Life, type Presence, type Stage, signIn, track } from './life.ts';
import { meetPopUp } from './newcomers.ts';
import { buy, checkOut, viewCart } from './orders.ts';
import { quantityOf } from './supplies.ts';

/** A visit that is under way. */
interface Visit {
  stage: Stage;
  life: Life;
  throws: Dice;
  presence: Presence;
}

/** Somebody comes by a link of a message, to what it speaks of. */
export interface Click {
  goods: readonly string[];
}

/** Somebody comes to buy one thing: it has run out. */
export interface Need {
  needs: string;
  profile: ProfileKind;
}

const sometimes = { signsIn: 0.25, asAPerson: 0.2, opensCategory: 0.3, viewsFavourite: 0.7, removes: 0.08 };

/** One visit to the website, from now on; its steps are a few seconds to two minutes apart. */
export function visit(stage: Stage, life: Life, begins: number, why: Click | Need | null): void {
  life.visits += 1;
  const { person } = life;
  const throws = dice(stage.seed, 'visit', person.index, life.visits);
  const isPersonal = person.kind === 'b2c' || throws.chance(sometimes.asAPerson);
  const browser = throws.pick(person.browsers);
  const usual = isPersonal ? ('personal' as const) : ('corporate' as const);
  const profile = why !== null && 'needs' in why ? why.profile : usual;
  const here: Visit = { stage, life, throws, presence: { profile, browser, isKnown: false } };
  let at = begins;
  for (const step of [arrive(here, why !== null), ...stepsOf(here, why)]) {
    stage.plan(at, step);
    at += throws.between(5, 120) * 1000;
  }
}

type Step = (at: number) => void;

function stepsOf(here: Visit, why: Click | Need | null): Step[] {
  if (why === null) return byHabit(here);
  return 'needs' in why ? byNeed(here, why) : byLink(here, why);
}

/** The first page. Most who could are signed in already; who comes for something, or by a message's link, is known. */
function arrive(here: Visit, isKnown: boolean): Step {
  const { stage, life, throws, presence } = here;
  const { person } = life;
  return (at) => {
    const isAnonymous = !isKnown && throws.chance(stage.rates.anonymousVisits);
    const isRemembered = life.signedIn.has(presence.browser ?? '');
    presence.isKnown = isRemembered && !isAnonymous;
    const wouldSignIn = person.isKnown || isKnown || throws.chance(sometimes.signsIn);
    if (!isRemembered && !isAnonymous && wouldSignIn) signIn(stage, life, at, presence);
    track(stage, life, at, presence, { type: 'page', properties: { path: '/' } });
    meetPopUp(stage, life, at, presence);
  };
}

function byHabit(here: Visit): Step[] {
  const { stage, life, throws } = here;
  const { rates } = stage;
  const { depth, eagerness } = life.person;
  if (throws.chance(rates.opensNothing)) return [];
  const opened = Array.from({ length: 1 + Math.floor(throws.exponential(depth)) }, () => opensSomething(here));
  const adds = throws.chance(rates.cartVisits * eagerness.carts) ? [(at: number) => addToCart(here, at)] : [];
  const likes = throws.chance(rates.favouriteVisits) ? [(at: number) => like(here, at)] : [];
  const buys = adds.length > 0 && throws.chance((1 - rates.abandons) * eagerness.buys);
  return [...opened, ...likes, ...adds, ...(adds.length > 0 ? leaveOrBuy(here, buys) : [])];
}

/** To the cart that waits, or to what the message showed. */
function byLink(here: Visit, { goods }: Click): Step[] {
  const { stage, life, throws, presence } = here;
  const buys = throws.chance(stage.rates.buysAfterClick * life.person.eagerness.buys);
  const offered = offeredTo(stage, life);
  if (offered !== undefined) return byOffer(here, offered, buys);
  const hasCart = life.carts[presence.profile].size > 0;
  const [shown] = goods.flatMap((id) => stage.goods.get(id) ?? []);
  if (hasCart) return [(at) => viewCart(stage, life, at, presence), ...leaveOrBuy(here, buys)];
  const look = (at: number) => (shown ? view(here, at, shown) : opensSomething(here)(at));
  return buys ? [look, (at) => addToCart(here, at, shown), ...leaveOrBuy(here, true)] : [look];
}

/** To the very thing, and to the till; where the shop has none of it, away again. */
function byNeed(here: Visit, { needs }: Need): Step[] {
  const { stage, life, throws, presence } = here;
  const good = stage.goods.get(needs);
  if (good === undefined) return [];
  const look = (at: number) => view(here, at, goodIn(life.person.region, stage.goods.get(needs) ?? good));
  const order = (at: number) => checkOut(stage, life, at, presence, throws);
  return [look, (at) => addToCart(here, at, good), order];
}

/** To what they have waited for, and may order now. */
function byOffer(here: Visit, good: Good, buys: boolean): Step[] {
  const { stage, life, throws, presence } = here;
  const order = (at: number) => {
    // Somebody else may have been quicker.
    const now = stage.goods.get(good.id);
    if (now !== undefined && now.stock > 0) buy(stage, life, at, presence, now, throws);
  };
  return [(at) => view(here, at, good), ...(buys ? [order] : [])];
}

function leaveOrBuy(here: Visit, buys: boolean): Step[] {
  const { stage, life, throws, presence } = here;
  const second = throws.chance(sometimes.removes) ? [(at: number) => removeOne(here, at)] : [];
  return buys ? [...second, (at) => checkOut(stage, life, at, presence, throws)] : second;
}

function opensSomething(here: Visit): Step {
  const { stage, life, throws, presence } = here;
  return (at) => {
    const category = categoryFor(here);
    const isList = throws.chance(sometimes.opensCategory);
    const found = isList ? undefined : oneOf(here, category, at);
    if (found) return view(here, at, found);
    const said = { type: 'track', event: 'Product List Viewed', properties: { category } } as const;
    track(stage, life, at, presence, said);
  };
}

function categoryFor({ life, throws, stage }: Visit): string {
  if (throws.chance(sometimes.viewsFavourite)) return throws.pick(life.person.favouriteCategories);
  const all = [...new Set([...stage.goods.values()].map(({ category }) => category))];
  return all[throws.whole(0, all.length - 1)] ?? life.person.favouriteCategories[0];
}

/** Of what is there; of a whole category sold out nothing. */
function oneOf({ stage, throws, life }: Visit, category: string, at: number): Good | undefined {
  const inCategory = [...stage.goods.values()].filter((good) => good.category === category);
  const there = inCategory.map((good) => goodIn(life.person.region, good)).filter((good) => isShown(stage, good, at));
  return there[throws.whole(0, Math.max(0, there.length - 1))];
}

function view({ stage, life, presence }: Visit, at: number, good: Good): void {
  const said = { type: 'track', event: 'Product Viewed', properties: productProperties(good) } as const;
  track(stage, life, at, presence, said);
}

function like(here: Visit, at: number): void {
  const { stage, life, presence } = here;
  const good = oneOf(here, categoryFor(here), at);
  if (!good) return;
  const said = { type: 'track', event: 'Product Added to Wishlist', properties: productProperties(good) } as const;
  track(stage, life, at, presence, said);
}

function addToCart(here: Visit, at: number, wanted?: Good): void {
  const { stage, life, presence } = here;
  const good = wanted ?? oneOf(here, categoryFor(here), at);
  const known = good && stage.goods.get(good.id);
  const now = known && goodIn(life.person.region, known);
  if (!now || takesHome(stage, life, at, here, now) || now.stock === 0) return;
  const cart = cartOf(life, presence.profile);
  const quantity = quantityOf(stage, life, presence, now);
  cart.set(now.id, (cart.get(now.id) ?? 0) + quantity);
  const properties = productProperties(now, quantity);
  track(stage, life, at, presence, { type: 'track', event: 'Product Added', properties });
}

function removeOne({ stage, life, presence }: Visit, at: number): void {
  const cart = cartOf(life, presence.profile);
  const [id] = [...cart.keys()].slice(1);
  const good = id === undefined ? undefined : stage.goods.get(id);
  if (!good) return;
  cart.delete(good.id);
  track(stage, life, at, presence, { type: 'track', event: 'Product Removed', properties: productProperties(good) });
}

const cartOf = (life: Life, profile: ProfileKind) => life.carts[profile];
