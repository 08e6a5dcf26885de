import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '#domain/failure.ts';
import { readMapping } from '#scripts/files/mapping.ts';
import { assumptionsOf } from './assumptions.ts';
import { formatOf } from './formats.ts';
import { pageOf } from './html.ts';
import { listNames } from './lists.ts';
import type { BacktestOptions } from './options.ts';
import type { Period } from './play.ts';
import { type About, prepare } from './prepare.ts';
import { type Report, reportOf } from './report.ts';
import { journeysNamed, sideOf } from './settings.ts';
import { keepLists, playedSide, Server, type Template } from './side.ts';

export interface Written {
  report: Report;
  /** Paths. */
  html: string;
  json: string;
}

/** Plays a record through the real journeys, and writes the report. What was prepared before, and a side that was played to its end,
 *  is not done again. `template`: a database to copy, instead of one in a server of its own. Throws Failure on what its user can mend. */
export async function backtest(
  options: BacktestOptions,
  tell: (line: string) => void,
  template?: Template,
): Promise<Written> {
  const { cache, events: path, out, preset } = options;
  const mapping = readMapping(options.map);
  const journeys = journeysNamed(options.journey);
  const files = options.against === undefined ? [options.settings] : [options.settings, options.against];
  const sides = files.map((file, index) => sideOf('AB'[index] ?? '', { preset, file, mapping, journeys }));
  const [{ shop }] = sides as [(typeof sides)[0]];
  const format = await formatOf(path);
  const assumeReachable = options.reachable === 'all';
  const reading = { path, format, mapping, zone: shop.zone, currency: shop.currency, shop, assumeReachable };
  const prepared = await prepare(cache, reading, (line) => tell(`reading ${path}: line ${line}`));
  const { about } = prepared;
  tell(
    `${about.events} events in ${about.days.length} days, from ${about.from.slice(0, 10)} to ${about.to.slice(0, 10)}`,
  );
  const period = periodOf(options, about);
  const server = new Server(template);
  try {
    const played = [];
    for (const side of sides) played.push(await playedSide({ cache, prepared, period, side, journeys, server, tell }));
    const assumptions = assumptionsOf({ options, about, mapping, period });
    const report = reportOf({ record: about, period, assumptions, journeys, sides: played });
    await keepLists(out, played);
    const [json, html] = [join(out, 'report.json'), join(out, 'report.html')];
    await writeFile(json, `${JSON.stringify(report, null, 1)}\n`);
    await writeFile(html, await pageOf(report, played, listNames));
    return { report, html, json };
  } finally {
    await server.close();
  }
}

/** All of the record where nothing else is said. Throws Failure where none of it is left. */
function periodOf({ from, until }: Pick<BacktestOptions, 'from' | 'until'>, about: About): Period {
  const [first, last] = [about.from.slice(0, 10), about.to.slice(0, 10)];
  const period = { from: latest(first, from), until: earliest(last, until) };
  if (period.from <= period.until) return period;
  throw new Failure(`Nothing lies between --from and --until: the record goes from ${first} to ${last}.`);
}

const latest = (first: string, given = first) => (given > first ? given : first);
const earliest = (last: string, given = last) => (given < last ? given : last);
