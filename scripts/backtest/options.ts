import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure } from '#domain/failure.ts';

export interface BacktestOptions {
  journey: string;
  events: string;
  /** Settings of side A, and of side B. */
  settings: string | undefined;
  against: string | undefined;
  preset: string;
  /** Days (UTC) on which journeys may begin, the last included: what was before is history. */
  from: string | undefined;
  until: string | undefined;
  /** Where the report goes. */
  out: string;
  map: string | undefined;
  /** `all`: whoever has an id gets an e-mail address that leads nowhere. */
  reachable: 'known' | 'all';
  /** What is prepared and what is played is kept here. */
  cache: string;
}

const names = [
  ...(['journey', 'events', 'map', 'settings', 'against', 'preset'] as const),
  ...(['from', 'until', 'reachable', 'out', 'cache'] as const),
];
type Name = (typeof names)[number];

/** Options of `npm run backtest`, after `--`. Throws Failure. */
export function readBacktestOptions(args: string[]): BacktestOptions {
  const given = parse(args);
  const { events, settings, against, map, reachable = 'known' } = given;
  if (events === undefined)
    throw new Failure('Which events? Say --events FILE: our export, Segment JSON Lines, or a CSV of order lines.');
  if (reachable !== 'known' && reachable !== 'all')
    throw new Failure(`--reachable cannot be "${reachable}": say known, or all.`);
  return {
    journey: given.journey ?? 'all',
    ...{ events, settings, against, map, reachable },
    preset: given.preset ?? 'default',
    from: dayOf('from', given.from),
    until: dayOf('until', given.until),
    out: resolve(given.out ?? '.vestnik-backtest/report'),
    cache: resolve(given.cache ?? '.vestnik-backtest'),
  };
}

function dayOf(name: Name, text: string | undefined): string | undefined {
  if (text === undefined || (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)))) return text;
  throw new Failure(`--${name} cannot be "${text}": give a day, such as 2026-03-02.`);
}

function parse(args: string[]): Partial<Record<Name, string>> {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ args, options }).values as Partial<Record<Name, string>>;
  } catch (error) {
    const said = error instanceof Error ? error.message.split('. ')[0] : String(error);
    const known = names.map((name) => `--${name}`).join(', ');
    throw new Failure(`${said}: the options are ${known}, after "npm run backtest --".`);
  }
}
