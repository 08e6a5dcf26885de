import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure } from '#domain/failure.ts';
import { type AssortmentName, assortments } from '#simulator/assortments.ts';
import type { Address } from './http.ts';

export interface SimulateOptions extends Address {
  customers: number;
  /** Business days. */
  days: number;
  seed: number;
  /** Of `resale` each item exists once: it is tried on, and waited for in a queue. */
  assortment: AssortmentName;
  /** Business seconds in a real one, as the gateway has it. */
  scale: number;
}

const names = ['customers', 'days', 'seed', 'assortment', 'url', 'write-key', 'api-key', 'scale', 'data'] as const;
type Name = (typeof names)[number];

/** Options of `npm run simulate`: after `--`, else VESTNIK_…; where the gateway is and its keys, also as a running `npm start` has
 *  written them down in `--data`. */
export function readSimulateOptions(args: string[], environment: NodeJS.ProcessEnv): SimulateOptions {
  const given = parse(args);
  const said = (name: Name) => given[name] || environment[`VESTNIK_${name.toUpperCase().replace('-', '_')}`];
  const running = runtimeOf(resolve(said('data') ?? '.vestnik'));
  const url = (said('url') ?? running?.gateway)?.replace(/\/$/, '');
  // Keys of what runs here open no other gateway.
  const local = url === running?.gateway ? running : null;
  const [writeKey, apiKey] = [said('write-key') ?? local?.writeKey, said('api-key') ?? local?.apiKey];
  if (url === undefined)
    throw new Failure(
      'No gateway is named and none runs here: start one (npm start), or say --url, --write-key and --api-key.',
    );
  if (writeKey === undefined || apiKey === undefined)
    throw new Failure(
      `The keys of ${url} are not known: say --write-key and --api-key (or VESTNIK_WRITE_KEY, VESTNIK_API_KEY).`,
    );
  return {
    url,
    writeKey,
    apiKey,
    customers: wholeOf('customers', said('customers') ?? '100'),
    days: positive('days', said('days') ?? '30'),
    seed: wholeOf('seed', said('seed') ?? '1'),
    assortment: assortmentOf(said('assortment') ?? 'household'),
    scale: positive('scale', said('scale') ?? String(local?.scale ?? 1)),
  };
}

function parse(args: string[]): Partial<Record<Name, string>> {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ args, options }).values as Partial<Record<Name, string>>;
  } catch (error) {
    const said = error instanceof Error ? error.message.split('. ')[0] : String(error);
    const known = names.map((name) => `--${name}`).join(', ');
    throw new Failure(`${said}: the options are ${known}, after "npm run simulate --".`);
  }
}

interface Running {
  gateway: string;
  writeKey: string;
  apiKey: string;
  scale: number;
}

/** Null where nothing runs. */
function runtimeOf(folder: string): Running | null {
  const file = join(folder, 'runtime.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Running) : null;
}

function wholeOf(name: Name, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Failure(`--${name} cannot be "${text}": give a whole number from 1 on.`);
}

function assortmentOf(text: string): AssortmentName {
  if (Object.hasOwn(assortments, text)) return text as AssortmentName;
  throw new Failure(`--assortment cannot be "${text}": choose one of ${Object.keys(assortments).join(', ')}.`);
}

function positive(name: Name, text: string): number {
  const number = Number(text);
  if (number > 0 && number < 1e7) return number;
  throw new Failure(`--${name} cannot be "${text}": give a number above 0.`);
}
