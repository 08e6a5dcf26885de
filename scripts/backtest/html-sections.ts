import { escapeHtml } from '#api/html.ts';
import { highestOf, type Layer, stackedColumns } from './chart.ts';
import type { Figure } from './figures.ts';
import { spans } from './lists.ts';
import { difference, share, table } from './markup.ts';
import type { Numbers } from './numbers.ts';
import type { Held, Report, SentBlock, SideReport } from './report.ts';

/** The report's sections as HTML; the numbers that they show are noted in `numbers`. */
export function sections(report: Report, numbers: Numbers): string {
  const page = { ...report, numbers };
  return [
    head(report),
    totals(page),
    messages(page),
    held(page),
    missed(page),
    overlap(page),
    outcomes(page),
    record(report),
  ].join('\n');
}

type Page = Report & { numbers: Numbers };

function head({ record, assumptions, sides }: Report): string {
  const { format, events } = record;
  const named = { export: 'our own export', segment: 'Segment JSON Lines', orders: 'order lines (CSV)' }[format];
  const which = sides.map(({ name, title }) => `<b>${name}</b> ${escapeHtml(title)}`).join(' · ');
  return `<p>${count(events)} events from ${named}, played through the real journeys; nothing was sent. ${which}</p>
<ul class="assumed">${assumptions.map((one) => `<li>${escapeHtml(one)}</li>`).join('')}</ul>`;
}

const count = (value: number) => value.toLocaleString('en');

/** A column for each side, and what B has more than A. */
function sideColumns(sides: readonly SideReport[], name = (side: SideReport) => side.name): string[] {
  return sides.length === 1 ? sides.map(name) : [...sides.map(name), 'B − A'];
}

function cells({ sides, numbers }: Page, figure: (side: SideReport, index: number) => Figure | undefined): string[] {
  const figures = sides.map(figure);
  const shown = figures.map((one, index) => numbers.show(sides[index]?.name ?? '', one));
  const [a, b] = figures;
  return sides.length === 1 ? shown : [...shown, difference(a?.n ?? 0, b?.n ?? 0)];
}

const totalTitles = {
  messages: 'Messages that would have gone',
  written: 'Customers who would have got one',
  runs: 'Journeys begun',
  waiting: '… that still wait where the record ends',
  deferred: 'Times that a message was put off',
  stopped: 'Times that a message was not sent at all',
  missed: 'Customers who met a trigger and did not enter',
  orders: 'Real orders in the record',
} as const;

function totals(page: Page): string {
  const { sides } = page;
  const counted = (name: string, value: (side: SideReport) => number) => {
    const values = sides.map(value);
    const [a = 0, b = 0] = values;
    return [name, ...values.map(count), ...(sides.length === 1 ? [] : [difference(a, b)])];
  };
  const rows = [
    counted('Customers of the record', (side) => side.counts.customers),
    counted('Events kept, each once', (side) => side.counts.events),
    ...Object.entries(totalTitles).map(([name, title]) => [
      title,
      ...cells(page, ({ totals: all }) => all[name as keyof typeof totalTitles]),
    ]),
  ];
  return `<h2>In all</h2>
<p class="hint">Press a number to see what it counts.</p>
${table(['', ...sideColumns(sides)], rows)}`;
}

/** Beyond so many a chart has no colour left. */
const colours = 8;

function messages(page: Page): string {
  const journeys = page.journeys.filter(({ journey }) => page.sides.some((side) => sentBy(side, journey).length > 0));
  const parts = journeys.map((one) => journeyMessages(page, one.journey, one.title));
  const silent = page.journeys.filter((one) => !journeys.includes(one));
  const reasons = silent.map(
    ({ title, starts }) =>
      `${escapeHtml(title)} (${starts === 0 ? 'nothing in the record starts it' : 'it sent nothing'})`,
  );
  const rest = silent.length === 0 ? '' : `<p>No messages: ${reasons.join(' · ')}.</p>`;
  return `<h2>Messages a week</h2>\n${parts.join('\n')}\n${rest}`;
}

const sentBy = ({ sent }: SideReport, journey: string) => sent.filter((block) => block.journey === journey);

function journeyMessages(page: Page, journey: string, title: string): string {
  const { sides, weeks } = page;
  const blocks = blocksOf(sides.map((side) => sentBy(side, journey)));
  const find = (side: SideReport, block: string) =>
    side.sent.find((one) => one.journey === journey && one.block === block);
  const layers = sides.map((side) =>
    layersOf(
      blocks.map(({ block, title }) => ({ title, sent: find(side, block) })),
      weeks.length,
    ),
  );
  const highest = Math.max(...layers.map(highestOf));
  const charts = layers.map((own, index) => {
    const name = sides.length === 1 ? '' : `<figcaption>${sides[index]?.name}</figcaption>`;
    const said = `Messages a week of ${title}`;
    return `<figure>${name}${stackedColumns({ labels: weeks, layers: own, highest, title: said })}</figure>`;
  });
  const legend = (layers[0] ?? []).map((layer, index) => `<li class="c${index}">${escapeHtml(layer.title)}</li>`);
  const rows = blocks.map(({ block, title: said }) => [
    `${escapeHtml(said)} <code>${block}</code>`,
    ...cells(page, (side) => find(side, block)?.messages),
    ...cells(page, (side) => find(side, block)?.customers),
  ]);
  const heads = [
    ...sideColumns(sides, ({ name }) => `${name}: messages`),
    ...sideColumns(sides, ({ name }) => `${name}: customers`),
  ];
  return `<h3>${escapeHtml(title)}</h3>
<div class="charts">${charts.join('\n')}</div>
<ul class="legend">${legend.join('')}</ul>
${table(['Block', ...heads], rows)}
${sides.map((side) => weekly(page, side, sentBy(side, journey))).join('\n')}`;
}

/** The blocks of both sides, in the order of the first that has them. */
function blocksOf(sides: readonly SentBlock[][]): { block: string; title: string }[] {
  const found = new Map(sides.flat().map(({ block, title }) => [block, { block, title }]));
  return [...found.values()];
}

function layersOf(blocks: readonly { title: string; sent: SentBlock | undefined }[], weeks: number): Layer[] {
  const all = blocks.map(({ title, sent }) => ({
    title,
    values: Array.from({ length: weeks }, (_, week) => sent?.weeks[week]?.n ?? 0),
  }));
  if (all.length <= colours) return all;
  const rest = all.slice(colours - 1);
  const sum = (week: number) => rest.reduce((total, { values }) => total + (values[week] ?? 0), 0);
  return [
    ...all.slice(0, colours - 1),
    { title: 'Others', values: Array.from({ length: weeks }, (_, week) => sum(week)) },
  ];
}

function weekly({ weeks, numbers, sides }: Page, side: SideReport, blocks: readonly SentBlock[]): string {
  if (blocks.length === 0) return '';
  const rows = weeks.map((week, index) => [
    week,
    ...blocks.map((block) => numbers.show(side.name, block.weeks[index])),
  ]);
  const whose = sides.length === 1 ? '' : ` (${side.name})`;
  const heads = blocks.map(({ block }) => `<code>${block}</code>`);
  return `<details><summary>Week by week${whose}</summary>${table(['Week of', ...heads], rows)}</details>`;
}

const decisionWords: Readonly<Record<string, string>> = {
  defer: 'put off',
  skip: 'left out',
  drop: 'dropped',
  suppress: 'suppressed',
  stop: 'journey ended',
};

function held(page: Page): string {
  const { sides } = page;
  const key = ({ journey, decision, reason, by }: Held) => JSON.stringify([journey, decision, reason, by]);
  const found = new Map(sides.flatMap((side) => side.held).map((one) => [key(one), one]));
  const of = (side: SideReport, row: string) => side.held.find((one) => key(one) === row);
  const rows = [...found].map(([row, { journey, decision, reason, words }]) => [
    escapeHtml(journey),
    decisionWords[decision] ?? escapeHtml(decision),
    `${escapeHtml(words)} <code>${escapeHtml(reason)}</code>`,
    ...cells(page, (side) => of(side, row)?.decisions),
    ...cells(page, (side) => of(side, row)?.customers),
  ]);
  const heads = [
    ...sideColumns(sides, ({ name }) => `${name}: times`),
    ...sideColumns(sides, ({ name }) => `${name}: customers`),
  ];
  return `<h2>What kept messages back</h2>
<p>By the decision ledger: each time that a message was due and did not go.</p>
${table(['Journey', 'What', 'Because', ...heads], rows, 3)}`;
}

function missed(page: Page): string {
  const { sides } = page;
  const found = new Map(sides.flatMap((side) => side.missed).map((one) => [`${one.journey} ${one.reason}`, one]));
  const rows = [...found].map(([row, { journey, words }]) => [
    escapeHtml(journey),
    escapeHtml(words),
    ...cells(page, (side) => side.missed.find((one) => `${one.journey} ${one.reason}` === row)?.customers),
  ]);
  if (rows.length === 0) return '';
  const heads = sideColumns(sides, ({ name }) => `${name}: customers`);
  return `<h2>Who met a trigger and did not enter</h2>\n${table(['Journey', 'Because', ...heads], rows, 2)}`;
}

function overlap({ sides, numbers }: Page): string {
  const tables = sides.map((side) => {
    const rows = side.overlap.flatMap(({ journey, messages: all, after, before }) => {
      const row = (what: string, found: Record<string, Figure>) => [
        `${escapeHtml(journey)}: ${what}`,
        numbers.show(side.name, all),
        ...spans.map((days) => {
          const figure = found[days];
          return `${numbers.show(side.name, figure)} <small>${share(figure?.n ?? 0, all.n)}</small>`;
        }),
      ];
      return [row('an order after it', after), row('an order before it', before)];
    });
    const orders = [
      'Orders with a marketing message before them',
      numbers.show(side.name, side.totals.orders),
      ...spans.map((days) => {
        const figure = side.ordersAfter[days];
        return `${numbers.show(side.name, figure)} <small>${share(figure?.n ?? 0, side.totals.orders.n)}</small>`;
      }),
    ];
    const name = sides.length === 1 ? '' : `<h3>${side.name}</h3>`;
    const heads = spans.map((days) => (days === 1 ? 'within a day' : `${days} days`));
    return `${name}${table(['', 'of', ...heads], [...rows, orders])}`;
  });
  return `<h2>Real orders around them</h2>
<p>Coincidence, not effect: these customers ordered without having seen any of this. Compare with the orders before a message: where
both are as many, the message would have come to people who order anyway.</p>
${tables.join('\n')}`;
}

function outcomes(page: Page): string {
  const { sides } = page;
  const found = new Map(sides.flatMap((side) => side.outcomes).map((one) => [`${one.journey} ${one.outcome}`, one]));
  const rows = [...found].map(([row, { journey, outcome }]) => [
    escapeHtml(journey),
    escapeHtml(outcome),
    ...cells(page, (side) => side.outcomes.find((one) => `${one.journey} ${one.outcome}` === row)?.runs),
  ]);
  if (rows.length === 0) return '';
  return `<h2>How the journeys ended</h2>\n${table(['Journey', 'Outcome', ...sideColumns(sides)], rows, 2)}`;
}

function record({ record: about, journeys }: Report): string {
  const named = Object.entries(about.names).map(([name, n]) => [escapeHtml(name), count(n)]);
  const refused = about.refused.map(({ reason, lines, examples }) => [
    escapeHtml(reason),
    count(lines),
    escapeHtml(`${examples.join(', ')}${lines > examples.length ? ' …' : ''}`),
  ]);
  const starting = journeys.map(({ title, startsOn, starts }) => [
    escapeHtml(title),
    escapeHtml(startsOn.join(', ') || 'not by an event'),
    count(starts),
  ]);
  const left =
    refused.length === 0 ? '' : `<h3>Lines left out</h3>\n${table(['Why', 'Lines', 'Such as line'], refused)}`;
  return `<h2>The record</h2>
${table(['Event', 'Times'], named)}
<h3>What it can set going</h3>
${table(['Journey', 'Begins with', 'Such events'], starting, 2)}
${left}`;
}
