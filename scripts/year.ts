/** `npm run year`: a simulated shop of a thousand customers lives a year on the time machine, in a database of its own. */
import { tell } from '#process/run.ts';
import { scratchFolder, scratchPostgres } from './lib/scratch.ts';
import { readYearOptions } from './year/options.ts';
import { liveYear } from './year/run.ts';

async function year(): Promise<void> {
  const options = readYearOptions(process.argv.slice(2));
  const { dir, remove } = await scratchFolder();
  try {
    const postgres = await scratchPostgres(dir);
    try {
      const broken = await liveYear({ ...options, databaseUrl: postgres.url, tell: (line) => console.log(line) });
      if (broken.length > 0) process.exitCode = 1;
    } finally {
      await postgres.stop();
    }
  } finally {
    await remove();
  }
}

await year().catch((error: unknown) => {
  tell(error);
  process.exitCode = 1;
});
