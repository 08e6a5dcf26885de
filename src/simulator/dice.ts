/** Chance that repeats: the same seed gives the same throws, on any machine and however throws of others come in between. */
export interface Dice {
  /** From 0 to below 1. */
  number(): number;
  chance(probability: number): boolean;
  /** From `least` to below `most`. */
  between(least: number, most: number): number;
  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** A place in a list of weights. */
  weighted(weights: readonly number[]): number;
  /** Waiting time for something that happens at any moment alike. */
  exponential(mean: number): number;
  /** A factor around 1: its logarithm is normal with this deviation. */
  factor(deviation: number): number;
}

/** Each customer, each visit and each message throws dice of its own, named by where it comes from: so what one does changes
 *  nothing of what others do. */
export function dice(...names: readonly (string | number)[]): Dice {
  const number = mulberry32(fnv1a(names.join(' ')));
  const between = (least: number, most: number) => least + number() * (most - least);
  return {
    number,
    chance: (probability) => number() < probability,
    between,
    whole: (least, most) => Math.floor(between(least, most + 1)),
    pick: <T>(list: readonly [T, ...T[]]) => list[Math.floor(number() * list.length)] as T,
    weighted: (weights) => placeOf(weights, number()),
    exponential: (mean) => -mean * Math.log(1 - number()),
    factor: (deviation) => Math.exp(deviation * normal(number)),
  };
}

/** Weights may be any numbers from 0 on, of which one is not 0. */
function placeOf(weights: readonly number[], thrown: number): number {
  let left = thrown * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return found < 0 ? weights.length - 1 : found;
}

/** Box and Muller's. */
function normal(number: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - number())) * Math.cos(2 * Math.PI * number());
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < text.length; place += 1) hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193);
  return hash >>> 0;
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
