import type { Contract, RunKey } from './journey.ts';
import type { ExitReason } from './reasons.ts';

/** A journey that must hear of an event. */
export interface Route {
  journey: string;
  key: RunKey;
  signal: 'start' | 'goal' | 'exit';
  /** What a run ends as by it. */
  exit?: ExitReason;
  /** Reaches the journey only where somebody has switched it on. */
  ifOn?: true;
  /** Who refuses advertising is told all the same: whether they can be, `enter` asks. */
  isService?: true;
  /** Whoever met a start of the journey while they were unreachable starts when they are not any more. */
  whenReachable?: true;
}

/** Event name → the journeys that hear of it. Names that are not here reach nobody. */
export type Routing = Readonly<Record<string, readonly Route[]>>;

/** The journeys that hear of an event. Anybody may name events, also after what every object has, such as `constructor`. */
export function routesOf(routing: Routing, event: string): readonly Route[] {
  return Object.hasOwn(routing, event) ? (routing[event] ?? []) : [];
}

/** The routing table that follows from the contracts. */
export function routeEvents(contracts: readonly Contract[]): Routing {
  const table: Record<string, Route[]> = {};
  const add = (event: string, route: Route) => {
    table[event] ??= [];
    table[event].push(route);
  };
  for (const contract of contracts) {
    const { name: journey, class: rank, key, startsOn, goalOn, exitOn = {} } = contract;
    const { startsWhenReachable, offByDefault } = contract;
    // Told by what events say of items (`item-said.ts`), whoever's they are.
    if (key === 'item') continue;
    const isService = rank === 'service' && { isService: true as const };
    const waits = {
      ...(startsWhenReachable && { whenReachable: startsWhenReachable }),
      ...(offByDefault && { ifOn: offByDefault }),
      ...isService,
    };
    for (const event of startsOn) add(event, { journey, key, signal: 'start', ...waits });
    for (const event of goalOn) add(event, { journey, key, signal: 'goal' });
    for (const [event, exit] of Object.entries(exitOn)) add(event, { journey, key, signal: 'exit', exit });
  }
  return table;
}
