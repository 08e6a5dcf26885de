import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure } from '#domain/failure.ts';
import { presets } from '#presets/presets.ts';

export interface StartOptions {
  preset: string;
  data: string;
  /** 0: any free port. */
  port: number;
  uiPort: number;
  /** Null: not said; whatever the data runs at. */
  scale: number | null;
  sample: 'none' | 'small';
}

const names = ['preset', 'data', 'port', 'ui-port', 'scale', 'sample'] as const;
type Name = (typeof names)[number];

/** Options of `npm start`: after `--`, else from the environment (`--ui-port` is VESTNIK_UI_PORT), else the defaults. */
export function readOptions(args: string[], environment: NodeJS.ProcessEnv): StartOptions {
  const given = parse(args);
  const value = (name: Name, fallback: string) =>
    given[name] || environment[`VESTNIK_${name.toUpperCase().replace('-', '_')}`] || fallback;
  const scale = value('scale', '');
  return {
    preset: oneOf('preset', value('preset', 'default'), Object.keys(presets)),
    data: resolve(value('data', '.vestnik')),
    port: portOf('port', value('port', '3000')),
    uiPort: portOf('ui-port', value('ui-port', '8233')),
    scale: scale === '' ? null : scaleOf(scale),
    sample: oneOf('sample', value('sample', 'small'), ['none', 'small'] as const),
  };
}

function parse(args: string[]): Partial<Record<Name, string>> {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ args, options }).values as Partial<Record<Name, string>>;
  } catch (error) {
    const said = error instanceof Error ? error.message.split('. ')[0] : String(error);
    throw new Failure(`${said}: the options are ${names.map((name) => `--${name}`).join(', ')}, after "npm start --".`);
  }
}

function oneOf<T extends string>(name: Name, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found === undefined) throw new Failure(`--${name} cannot be "${text}": choose one of ${allowed.join(', ')}.`);
  return found;
}

function portOf(name: Name, text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Failure(`--${name} cannot be "${text}": give a port from 1 to 65535, or 0 for any free one.`);
}

function scaleOf(text: string): number {
  const scale = Number(text);
  if (scale > 0 && scale <= 1_000_000) return scale;
  throw new Failure(`--scale cannot be "${text}": give business seconds in a real second, from above 0 to 1000000.`);
}
