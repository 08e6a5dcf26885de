/** `npm run backtest -- --replenishment`: how near run-outs come to when things were bought again. docs/replenishment.md */
import { parseArgs } from 'node:util';
import { rulesOf } from '#activities/replenishment/job.ts';
import { Failure } from '#domain/failure.ts';
import { readMapping } from '#scripts/files/mapping.ts';
import { orderLines } from '#scripts/files/orders.ts';
import { settings } from '#workflows/replenishment/settings.ts';
import { accuracyOf, type Bought, type Foreseen, foresee, type Way } from './replenishment.ts';
import { sideOf } from './settings.ts';

const options = {
  replenishment: { type: 'boolean' },
  events: { type: 'string' },
  map: { type: 'string' },
  preset: { type: 'string', default: 'default' },
  settings: { type: 'string' },
  from: { type: 'string' },
  until: { type: 'string' },
} as const;

/** Reads a CSV file of order lines and tells what the model, its parts and the rule by hand foresaw in it. Throws Failure. */
export async function replenishmentBacktest(args: string[], tell: (line: string) => void): Promise<void> {
  const given = parse(args);
  if (given.events === undefined) throw new Failure('Which orders? Say --events FILE: a CSV file of order lines.');
  const mapping = readMapping(given.map);
  const side = sideOf('A', { preset: given.preset, file: given.settings, mapping, journeys: ['replenishment'] });
  const rules = rulesOf(settings.parse(side.settings.find(({ name }) => name === 'replenishment')?.value ?? {}));
  const { purchases, left } = await read(given.events, mapping, side.shop);
  const period = periodOf(purchases, given);
  const foreseen = [...foresee(purchases, rules, period)];
  tell(`${count(purchases.length)} order lines${left > 0 ? `, ${count(left)} left out` : ''}`);
  tell(
    `${count(foreseen.length)} purchases from ${dayOf(period.from)} to ${dayOf(period.until)} after which the same was bought again`,
  );
  for (const line of tableOf(foreseen)) tell(line);
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    const said = error instanceof Error ? error.message.split('. ')[0] : String(error);
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new Failure(`${said}: with --replenishment the options are ${known.join(', ')}.`);
  }
}

async function read(path: string, mapping: ReturnType<typeof readMapping>, shop: { zone: string; currency: string }) {
  const purchases: Bought[] = [];
  let left = 0;
  for await (const { value } of orderLines(path, mapping, shop)) {
    if ('refused' in value) left += 1;
    else {
      const { customer, product, category, quantity, at } = value;
      purchases.push({
        customer,
        product,
        category: category === '' ? null : category,
        quantity,
        day: Math.floor(at / dayMs),
      });
    }
  }
  if (purchases.length === 0) throw new Failure(`${path} has no line that can be read: is its --map right?`);
  return { purchases, left };
}

const dayMs = 86_400_000;
const dayOf = (day: number) => new Date(day * dayMs).toISOString().slice(0, 10);

/** The middle third, unless said otherwise: before it is what there is to learn from, after it time for things to be bought again. */
function periodOf(
  purchases: readonly Bought[],
  { from, until }: { from?: string | undefined; until?: string | undefined },
) {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { day } of purchases) [first, last] = [Math.min(first, day), Math.max(last, day)];
  const third = Math.floor((last - first) / 3);
  return { from: dayGiven('from', from) ?? first + third, until: dayGiven('until', until) ?? last - third };
}

function dayGiven(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) / dayMs : Number.NaN;
  if (Number.isNaN(day)) throw new Failure(`--${name} cannot be "${text}": give a day, such as 2026-03-02.`);
  return day;
}

const titles: Readonly<Record<Way, string>> = {
  model: 'the model',
  own: 'own intervals alone',
  product: "the product's alone",
  rule: 'the rule: 45 to 90 days',
};

/** Ways stand beside each other on the same purchases. */
function tableOf(foreseen: readonly Foreseen[]): string[] {
  const dated = foreseen.filter(({ by }) => by.model !== null);
  const [again, first] = [dated.filter(({ by }) => by.own !== null), dated.filter(({ by }) => by.own === null)];
  return [
    '',
    row(['', 'purchases', 'median error', '±7 days', '±14 days', '±22.5 days']),
    ...block(`all that the model had a date for: ${percent(dated.length / foreseen.length)}`, dated, [
      'model',
      'product',
      'rule',
    ]),
    ...block('bought again before', again, ['model', 'own', 'product', 'rule']),
    ...block('bought for the first time', first, ['model', 'product', 'rule']),
  ];
}

function block(title: string, foreseen: readonly Foreseen[], ways: readonly Way[]): string[] {
  const lines = ways.map((way) => {
    const { dated, medianError, within } = accuracyOf(foreseen, way);
    const shares = [within[7], within[14], within[22.5]].map(percent);
    return row([`  ${titles[way]}`, count(dated), `${medianError.toFixed(1)} days`, ...shares]);
  });
  return foreseen.length === 0 ? [] : [title, ...lines];
}

const row = ([title = '', ...cells]: string[]) => title.padEnd(28) + cells.map((cell) => cell.padStart(14)).join('');
const count = (n: number) => n.toLocaleString('en-US');
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
