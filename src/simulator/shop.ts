import { createAgenda } from './agenda.ts';
import { type Assortment, type AssortmentName, assortments } from './assortments.ts';
import type { ReceivedMessage, ShopEvent } from './calls.ts';
import { type Dice, dice } from './dice.ts';
import { noFittings } from './fitting.ts';
import { atFullPrice, type Good, newGood, onSale, openingGoods, productItem } from './goods.ts';
import { atUsualHour } from './hours.ts';
import { type Life, newLife, type Stage } from './life.ts';
import { buyOffline } from './orders.ts';
import { addressesOf, createPerson, type Person } from './person.ts';
import { type Rates, usualRates } from './rates.ts';
import { receive } from './reactions.ts';
import { visit } from './visit.ts';

export interface ShopOptions {
  seed: number;
  customers: number;
  /** When the story begins, in business time. */
  start: Date;
  /** What it sells; of `resale` each item exists once. Default: `household`. */
  assortment?: AssortmentName;
  /** Articles at the opening. */
  goods?: number;
  /** Where pages of articles are; the article's id follows after `/p/`. */
  shopUrl?: string;
  /** What differs from `usualRates`. */
  rates?: Partial<Rates>;
}

/** A simulated shop: customers with habits, and what they do. The same options and messages give the same events. */
export interface Shop {
  readonly people: readonly Person[];
  /** Nothing happens before; null: never again. */
  nextAt(): Date | null;
  /** What happens up to `instant` (included), in the order of time. Messages that are given to `react` between two events count. */
  until(instant: Date): Generator<ShopEvent, void>;
  /** Somebody gets a message, and may do something about it later. False where it is nobody's, or was given before. */
  react(message: ReceivedMessage): boolean;
}

const day = 86_400_000;
const usualGoods = 60;

export function createShop(options: ShopOptions): Shop {
  const { seed, customers, start, goods = usualGoods, shopUrl = 'https://shop.example' } = options;
  const name = options.assortment ?? 'household';
  const assortment: Assortment = assortments[name];
  const rates = { ...usualRates, ...options.rates };
  const agenda = createAgenda(start.getTime());
  const told: ShopEvent[] = [];
  const stage: Stage = {
    seed,
    rates,
    goods: byId(openingGoods(dice(seed, 'goods'), assortment, goods, start.getTime())),
    fittings: name === 'resale' ? noFittings() : null,
    diceFor: (...what) => dice(seed, ...what),
    plan: agenda.plan,
    tell: (at, call) => void told.push({ at: new Date(at), call }),
    put(at, good) {
      stage.goods.set(good.id, good);
      stage.tell(at, { to: 'catalogue', items: [productItem(good, shopUrl)] });
    },
  };
  const lives = Array.from({ length: customers }, (_, index) => newLife(createPerson(seed, index, rates, assortment)));
  const byAddress = new Map(lives.flatMap((life) => addressesOf(life.person).map((address) => [address, life])));
  const known = new Set<string>();
  open(stage, assortment, start.getTime(), shopUrl);
  for (const life of lives) (life.person.isSilent ? comeOnce : live)(stage, life, start.getTime());
  return {
    people: lives.map(({ person }) => person),
    nextAt() {
      const next = agenda.nextAt();
      return next === null ? null : new Date(next);
    },
    *until(instant) {
      for (let next = agenda.nextAt(); next !== null && next <= instant.getTime(); next = agenda.nextAt()) {
        agenda.happen();
        yield* told.splice(0);
      }
    },
    react(message) {
      const life = byAddress.get(message.to);
      if (life === undefined || known.has(message.id)) return false;
      known.add(message.id);
      receive(stage, life, message);
      return true;
    },
  };
}

/** The whole catalogue at first, and every morning what has changed in it. */
function open(stage: Stage, assortment: Assortment, start: number, shopUrl: string): void {
  const items = [...stage.goods.values()].map((good) => productItem(good, shopUrl));
  stage.plan(start, (at) => stage.tell(at, { to: 'catalogue', items }));
  const tomorrow = (count: number) =>
    stage.plan(start + count * day, (at) => {
      restock(stage, assortment, at, count);
      tomorrow(count + 1);
    });
  tomorrow(1);
}

const byId = (goods: readonly Good[]) => new Map(goods.map((good) => [good.id, good]));

const everyDay = { comesIn: 0.5, isRestocked: 0.4, goesOnSale: 0.02, saleEnds: 0.1 };

/** What sold out comes in again, unless it existed once; sales begin and end; now and then there is something new. */
function restock(stage: Stage, assortment: Assortment, at: number, count: number): void {
  const throws = dice(stage.seed, 'morning', count);
  const { stockTimes = 1 } = assortment;
  for (const good of [...stage.goods.values()]) {
    const changed = morningOf(good);
    if (changed !== good) stage.put(at, changed);
  }
  for (let more = newcomers(stage, throws); more > 0; more--)
    stage.put(at, newGood(throws, assortment, stage.goods.size, at));

  function morningOf(good: Good): Good {
    const isScarce = !good.isUnique && good.stock < 3 * stockTimes;
    if (isScarce && throws.chance(everyDay.isRestocked))
      return { ...good, stock: good.stock + throws.whole(5, 20) * stockTimes };
    if (good.oldPrice !== null) return throws.chance(everyDay.saleEnds) ? atFullPrice(good) : good;
    return throws.chance(everyDay.goesOnSale) ? onSale(good, throws) : good;
  }
}

/** Now and then something new; where each thing is sold once, two or three every day. */
function newcomers({ fittings }: Stage, throws: Dice): number {
  return fittings === null ? Number(throws.chance(everyDay.comesIn)) : throws.whole(1, 4);
}

/** Visits one after another, as this person is wont to; and what they buy at a counter. */
function live(stage: Stage, life: Life, start: number): void {
  const { index, zone, shoppingHour, visitsAWeek, offlineOrdersAMonth } = life.person;
  const throws = dice(stage.seed, 'life', index);
  const comes = (after: number) => {
    const gap = throws.exponential(7 / visitsAWeek) * day;
    stage.plan(atUsualHour(after + gap - day / 2, zone, shoppingHour, throws), (at) => {
      visit(stage, life, at, null);
      comes(at);
    });
  };
  const counter = dice(stage.seed, 'counter', index);
  const buys = (after: number) =>
    stage.plan(after + counter.exponential(30 / offlineOrdersAMonth) * day, (at) => {
      buyOffline(stage, life, at, counter);
      buys(at);
    });
  comes(start);
  if (offlineOrdersAMonth > 0) buys(start);
}

/** Within the first weeks, for one thing. */
function comeOnce(stage: Stage, life: Life, start: number): void {
  const { index, zone, shoppingHour } = life.person;
  const throws = dice(stage.seed, 'life', index);
  stage.plan(atUsualHour(start + throws.between(0, 20) * day, zone, shoppingHour, throws), (at) => {
    const there = [...stage.goods.values()].filter(({ stock }) => stock > 0);
    const good = there[throws.whole(0, there.length - 1)];
    if (good) visit(stage, life, at, { needs: good.id, profile: 'personal' });
  });
}
