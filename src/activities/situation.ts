import type { Facts } from '#db/facts.ts';
import { noHabits } from '#db/habits.ts';
import { durationMs } from '#domain/duration.ts';
import { byHour, learntHour, nextBestTime, waitEnd } from '#domain/send-time.ts';
import type { Situation } from './mind.ts';
import { shopOf, zoneFor } from './shared.ts';

/** What a mind looks at: the facts, at this moment of the run. */
export function situationOf(facts: Facts, now: Date, triggerAt: number, progress: unknown): Situation {
  const shop = shopOf(facts);
  return { facts, now: now.getTime(), shop, triggerAt, progress, waitEnd: waitEndOf(facts) };
}

const day = durationMs('P1D');

/** When a wait ends that begins at `from` (R5). An hour is learnt for long waits only: calendars take their time. */
function waitEndOf(facts: Facts): Situation['waitEnd'] {
  return (from, ms) => {
    if (ms < day) return from + ms;
    const { zone, quietHours, opens, hours } = rhythmOf(facts);
    const own = opens.map((at) => new Date(at));
    const hour = learntHour(byHour(own, zone), hours, quietHours);
    return waitEnd(new Date(from), new Date(from + ms), zone, hour, quietHours).getTime();
  };
}

/** The next instant at which it is this customer's best hour; null where too little is known to make anybody wait. */
export function bestTimeOf(facts: Facts, now: Date): Date | null {
  const { zone, quietHours, opens, hours } = rhythmOf(facts);
  return nextBestTime(now, opens, hours, zone, quietHours);
}

function rhythmOf(facts: Facts) {
  const shop = shopOf(facts);
  const { own, everybody } = facts.habits;
  const { hours } = everybody ?? noHabits;
  return { zone: zoneFor(facts, shop).zone, quietHours: shop.quietHours, opens: own.opens, hours };
}
