import { parseArgs } from 'node:util';
import { Failure } from '#domain/failure.ts';
import { presets } from '#presets/presets.ts';

export interface YearOptions {
  customers: number;
  days: number;
  seed: number;
  preset: string;
}

const defaults = { customers: '1000', days: '365', seed: '1', preset: 'default' };
const options = Object.fromEntries(
  Object.entries(defaults).map(([name, value]) => [name, { type: 'string' as const, default: value }]),
);

/** Options of `npm run year`, after `--`. Throws Failure. */
export function readYearOptions(args: string[]): YearOptions {
  const given = parse(args);
  if (!Object.hasOwn(presets, given.preset))
    throw new Failure(`There is no preset "${given.preset}": say one of ${Object.keys(presets).join(', ')}.`);
  const whole = (name: 'customers' | 'days' | 'seed') => wholeOf(name, given[name]);
  return { customers: whole('customers'), days: whole('days'), seed: whole('seed'), preset: given.preset };
}

function parse(args: string[]): typeof defaults {
  try {
    return parseArgs({ args, options }).values as typeof defaults;
  } catch (error) {
    const said = error instanceof Error ? error.message.split('. ')[0] : String(error);
    const known = Object.keys(defaults).map((name) => `--${name}`);
    throw new Failure(`${said}: the options are ${known.join(', ')}, after "npm run year --".`);
  }
}

function wholeOf(name: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Failure(`--${name} cannot be "${text}": give a whole number from 1 on.`);
}
