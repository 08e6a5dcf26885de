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
  /** Where the report goes. */
  out: string;
  map: string | undefined;
  /** `all`: whoever has an id gets an e-mail address that leads nowhere. */
  reachable: 'known' | 'all';
  /** What is prepared and what is played is kept here. */
  cache: string;
}

const names = ['journey', 'events', 'settings', 'against', 'preset', 'out', 'map', 'reachable', 'cache'] as const;
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
    out: resolve(given.out ?? '.vestnik-backtest/report'),
    cache: resolve(given.cache ?? '.vestnik-backtest'),
  };
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
