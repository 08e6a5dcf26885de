import { parseArgs } from 'node:util';
import { Failure } from '#domain/failure.ts';
import { type ImportKind, kinds } from './mapping.ts';

export interface ImportOptions {
  kind: ImportKind;
  file: string;
  /** Which column says what: a JSON document. */
  map: string | undefined;
  delimiter: string | undefined;
  encoding: string | undefined;
  /** Where the refused lines go. */
  report: string;
  /** Journeys hear of what comes in. */
  isLive: boolean;
}

const usage = `Say what and from which file: npm run import -- ${kinds.join('|')} FILE`;

const options = {
  map: { type: 'string' },
  delimiter: { type: 'string' },
  encoding: { type: 'string' },
  report: { type: 'string' },
  live: { type: 'boolean', default: false },
} as const;

/** Options of `npm run import`, after `--`. Throws Failure. */
export function readImportOptions(args: string[]): ImportOptions {
  const { values, positionals } = parse(args);
  const [wanted, file, ...more] = positionals;
  const kind = kinds.find((one) => one === wanted);
  if (kind === undefined || file === undefined || more.length > 0) throw new Failure(usage);
  const { map, encoding, live, report = `${file}.refused.csv` } = values;
  return { kind, file, map, delimiter: delimiterOf(values.delimiter), encoding, report, isLive: live };
}

function delimiterOf(given: string | undefined): string | undefined {
  const delimiter = given === '\\t' || given === 'tab' ? '\t' : given;
  if (delimiter === undefined || delimiter.length === 1) return delimiter;
  throw new Failure(`--delimiter cannot be "${given}": give one character, such as ";", or tab.`);
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    const said = error instanceof Error ? error.message.split('. ')[0] : String(error);
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new Failure(`${said}: the options are ${known.join(', ')}. ${usage}`);
  }
}
