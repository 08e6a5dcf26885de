/** `npm run simulate`: a shop of seeded customers against a gateway, as fast as its clock goes. */
import { endOnSignals, tell } from '#process/run.ts';
import { readSimulateOptions } from './simulate/options.ts';
import { startSimulation } from './simulate/simulation.ts';

const everyMs = 2_000;

async function simulate(): Promise<void> {
  const options = readSimulateOptions(process.argv.slice(2), process.env);
  const { customers, seed, url, scale } = options;
  console.log(
    `${customers} customers (seed ${seed}) against ${url}, ${scale} business seconds a second · Ctrl-C ends it`,
  );
  const simulation = await startSimulation(options);
  endOnSignals(() => simulation.stop());
  const timer = setInterval(() => console.log(simulation.progress()), everyMs);
  await simulation.done.finally(() => clearInterval(timer));
  console.log(`${simulation.progress()}\nThe simulated shop is closed.`);
}

await simulate().catch((error: unknown) => {
  tell(error);
  process.exitCode = 1;
});
