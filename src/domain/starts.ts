import { type Routing, routesOf } from './routing.ts';
import { isBrowsing } from './segment-effects.ts';

/** Which journeys may start, by the routing table alone: what intake need not look at whom nothing can start for. */

const known = new WeakMap<Routing, readonly string[]>();

/** Journeys that browsing starts: whoever is in all of them starts none by the next page. */
export function browsingJourneys(routing: Routing): readonly string[] {
  const found = known.get(routing) ?? findBrowsing(routing);
  known.set(routing, found);
  return found;
}

function findBrowsing(routing: Routing): string[] {
  const routes = Object.keys(routing)
    .filter(isBrowsing)
    .flatMap((name) => routesOf(routing, name));
  return [...new Set(routes.filter(({ signal }) => signal === 'start').map(({ journey }) => journey))];
}

/** Whether an event starts a journey of marketing that browsing does not: one that may be live beside those, or they beside it. */
export function startsAnother(routing: Routing, event: string, isOn: (journey: string) => boolean): boolean {
  const browsing = browsingJourneys(routing);
  return routesOf(routing, event).some(
    ({ signal, isService, ifOn, journey }) =>
      signal === 'start' && !isService && (!ifOn || isOn(journey)) && !browsing.includes(journey),
  );
}
