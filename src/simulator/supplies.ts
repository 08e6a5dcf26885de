import { dice } from './dice.ts';
import type { Good } from './goods.ts';
import { atUsualHour } from './hours.ts';
import type { Life, Presence, Stage } from './life.ts';
import { visit } from './visit.ts';

const day = 86_400_000;
/** How unevenly things are used up: the deviation of a logarithm. Assumption. */
const unevenly = 0.2;

/** How many somebody takes of one thing: of what a company uses up, as many as work there, more or less. */
export function quantityOf(stage: Stage, { person, visits }: Life, { profile }: Presence, good: Good): number {
  if (good.lasts === null || profile === 'personal') return 1;
  const throws = dice(stage.seed, 'quantity', person.index, visits);
  return Math.max(1, Math.round(person.users.corporate * throws.factor(0.3)));
}

/** What was bought is used up, each thing at its own speed and on top of what was left; some come back then and buy it again. */
export function usesUp(
  stage: Stage,
  life: Life,
  at: number,
  { profile }: Presence,
  { good, quantity }: { good: Good; quantity: number },
): void {
  const { person } = life;
  if (good.lasts === null || person.isSilent) return;
  const throws = dice(stage.seed, 'supplies', person.index, life.orders, good.id);
  const key = `${profile} ${good.id}`;
  const lasts = ((good.lasts * quantity) / person.users[profile]) * throws.factor(unevenly) * day;
  const usedUp = Math.max(at, life.supplies.get(key) ?? at) + lasts;
  life.supplies.set(key, usedUp);
  if (!throws.chance(stage.rates.rebuys)) return;
  stage.plan(atUsualHour(usedUp, person.zone, person.shoppingHour, throws), (then) => {
    // Bought meanwhile, there is enough of it.
    if (life.supplies.get(key) === usedUp) visit(stage, life, then, { needs: good.id, profile });
  });
}
