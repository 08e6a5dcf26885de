import type { DecisionTally, WeekTally } from '#db/tallies.ts';

/** Lines of a table, a week each, with a column for each journey and their sum. */
export function weeksTable(tallies: readonly WeekTally[]): string[] {
  const journeys = [...new Set(tallies.map(({ journey }) => journey))].sort();
  const weeks = [...new Set(tallies.map(({ week }) => week))];
  const countOf = (week: string, journey: string) =>
    tallies.find((one) => one.week === week && one.journey === journey)?.messages ?? 0;
  const rows = weeks.map((week) => [week, ...journeys.map((journey) => countOf(week, journey))]);
  const sums = journeys.map((journey) => weeks.reduce((sum, week) => sum + countOf(week, journey), 0));
  return aligned([['week of', ...journeys], ...rows, ['in all', ...sums]]);
}

export function decisionsTable(tallies: readonly DecisionTally[]): string[] {
  return aligned([
    ['decision', 'reason', 'times'],
    ...tallies.map(({ decision, reason, count }) => [decision, reason, count]),
  ]);
}

/** Words to the left, numbers to the right. */
function aligned(rows: readonly (readonly (string | number)[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => shown(row[column]).length));
  const widths = (rows[0] ?? []).map((_, column) => width(column));
  const isNumber = widths.map((_, column) => typeof rows.at(-1)?.[column] === 'number');
  const cell = (value: string | number, column: number) =>
    isNumber[column] ? shown(value).padStart(widths[column] ?? 0) : shown(value).padEnd(widths[column] ?? 0);
  return rows.map((row) => row.map(cell).join('  ').trimEnd());
}

const shown = (value: string | number | undefined) =>
  typeof value === 'number' ? value.toLocaleString('en') : (value ?? '');
