/** `npm run backtest`: what the journeys would have sent, had they been there when it was recorded. docs/backtest.md */
import { pathToFileURL } from 'node:url';
import { runGuarded } from '#process/run.ts';
import { readBacktestOptions } from './backtest/options.ts';
import { backtest } from './backtest/run.ts';

await runGuarded(async () => {
  const options = readBacktestOptions(process.argv.slice(2));
  const { html, json } = await backtest(options, (line) => console.log(line));
  console.log(`\n${pathToFileURL(html)}\n${json}`);
});
