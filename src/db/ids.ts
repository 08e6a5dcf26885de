import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Randomness for 256 ids at a time: asking for each costs more than all the rest of making it. */
const randomness = new Uint8Array(4096);
let used = randomness.length;

/** A UUIDv7 whose time is business time, so that ids sort as the shop's days went. */
export function newId(at: Date): string {
  return v7({ msecs: at.getTime(), random: draw() });
}

let draw = drawRandomly;

function drawRandomly(): Uint8Array {
  if (used === randomness.length) {
    randomFillSync(randomness);
    used = 0;
  }
  used += 16;
  return randomness.subarray(used - 16, used);
}

/** From now on ids of this process take their 16 bytes from `source`, until the function that comes back is called: a time
 *  machine's runs repeat to the byte. */
export function drawIdsFrom(source: () => Uint8Array): () => void {
  const before = draw;
  draw = source;
  return () => {
    draw = before;
  };
}
