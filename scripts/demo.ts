/** `npm run demo`: Second Friend Store at a day in ten seconds, and its simulated customers shopping there: they browse, try on at
 *  home, wait in queues, send back and buy. Options after `--` are those of `npm start`; another preset is played with what
 *  its retailer sells. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Failure } from '#domain/failure.ts';
import { endOnSignals, tell } from '#process/run.ts';
import { assortmentFor } from './simulate/assortment.ts';
import { readSimulateOptions } from './simulate/options.ts';
import { type Simulation, startSimulation } from './simulate/simulation.ts';
import { readOptions } from './start/options.ts';

/** A day in ten seconds. */
const scale = 8_640;
const everyMs = 5_000;
const size = { customers: 100, days: 365 };
/** Livelier than real shops are, so that a few minutes show every way of a journey. */
const rates = { cartVisits: 0.35, favouriteVisits: 0.2, unsubscribes: 0.01 };

const asked = process.argv.slice(2);
const usual = ['--preset', 'second-friend-store', '--data', '.vestnik-demo', '--sample', 'none'];
const { data, preset } = readOptions([...usual, ...asked], {});
const assortment = assortmentFor(preset);
const child = spawn(
  process.execPath,
  [join(import.meta.dirname, 'start.ts'), ...usual, '--scale', String(scale), ...asked],
  // Ctrl-C in a terminal reaches it as it reaches us; it stops its servers by itself.
  { stdio: ['inherit', 'pipe', 'inherit'] },
);
const ended = new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
let simulation: Simulation | undefined;
let isEnding = false;

/** Resolves when `npm start` says that it is ready. */
const ready = new Promise<void>((resolve) => {
  createInterface({ input: child.stdout }).on('line', (line) => {
    console.log(line);
    if (line.startsWith('ready')) resolve();
  });
});

endOnSignals((signal) => {
  isEnding = true;
  simulation?.stop();
  child.kill(signal);
});

async function demonstrate(): Promise<void> {
  const isReady = await Promise.race([ready.then(() => true), ended.then(() => false)]);
  if (!isReady || isEnding) return;
  // Another shop each time: one that was played on this data before would be heard as a repetition.
  const seed = Math.floor(Date.now() / 1000) % 1_000_000;
  const options = readSimulateOptions(['--data', data], {});
  simulation = await startSimulation({ ...options, ...size, seed, assortment }, rates);
  console.log(
    `\n  ${size.customers} simulated customers are shopping (seed ${seed}); a day takes ${86_400 / options.scale} seconds.`,
  );
  console.log('  See their letters in the inbox, and their runs in Temporal UI.\n');
  const { progress, done } = simulation;
  const timer = setInterval(() => isEnding || console.log(progress()), everyMs);
  await done.finally(() => clearInterval(timer));
}

void demonstrate().catch((error: unknown) => {
  if (isEnding) return;
  tell(error instanceof Failure ? error : new Failure(`The simulated shop has failed: ${String(error)}`));
  child.kill('SIGTERM');
});
// What is still being told has nobody left to hear it.
process.exit(await ended);
