/** `npm run backtest`: what the journeys would have sent, had they been there when it was recorded (docs/backtest.md); with
 *  `--replenishment` how near run-outs come to when things were bought again (docs/replenishment.md). */
import { pathToFileURL } from 'node:url';
import { runGuarded } from '#process/run.ts';
import { readBacktestOptions } from './backtest/options.ts';
import { replenishmentBacktest } from './backtest/replenishment-report.ts';
import { backtest } from './backtest/run.ts';

await runGuarded(async () => {
  const args = process.argv.slice(2);
  const tell = (line: string) => console.log(line);
  if (args.includes('--replenishment')) return replenishmentBacktest(args, tell);
  const { html, json } = await backtest(readBacktestOptions(args), tell);
  console.log(`\n${pathToFileURL(html)}\n${json}`);
});
