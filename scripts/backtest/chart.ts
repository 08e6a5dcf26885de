import { escapeHtml } from '#api/html.ts';

/** One colour of a stacked chart: a value for each column. */
export interface Layer {
  title: string;
  values: readonly number[];
}

export interface Chart {
  /** Under the columns, by column: shown where there is room. */
  labels: readonly string[];
  layers: readonly Layer[];
  /** The same for charts that are compared. */
  highest: number;
  /** What a column is, for those who cannot see it. */
  title: string;
}

const [width, height, left, bottom, top] = [520, 180, 36, 22, 8];

/** The sum of the highest column. */
export function highestOf(layers: readonly Layer[]): number {
  const columns = layers[0]?.values.length ?? 0;
  const sums = Array.from({ length: columns }, (_, column) =>
    layers.reduce((sum, one) => sum + (one.values[column] ?? 0), 0),
  );
  return Math.max(1, ...sums);
}

/** Stacked columns as SVG, classes `c0` … for the colours of layers. */
export function stackedColumns({ labels, layers, highest, title }: Chart): string {
  const step = (width - left) / Math.max(1, labels.length);
  const scale = (height - top - bottom) / roundUp(highest);
  const columns = labels.map((label, column) => columnOf(label, column, layers, { step, scale }));
  const said = `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">`;
  return [said, ...gridOf(roundUp(highest), scale), ...columns, ...namesOf(labels, step), '</svg>'].join('\n');
}

function columnOf(
  label: string,
  column: number,
  layers: readonly Layer[],
  { step, scale }: { step: number; scale: number },
): string {
  const x = tenth(left + column * step + step * 0.1);
  let y = height - bottom;
  const parts = layers.flatMap(({ title, values }, index) => {
    const value = values[column] ?? 0;
    if (value === 0) return [];
    const size = value * scale;
    y -= size;
    const place = `x="${x}" y="${tenth(y)}" width="${tenth(step * 0.8)}" height="${tenth(size)}"`;
    return [
      `<rect class="c${index}" ${place}><title>${escapeHtml(`${title}, week of ${label}: ${value}`)}</title></rect>`,
    ];
  });
  return parts.join('');
}

function gridOf(highest: number, scale: number): string[] {
  return [0, highest / 2, highest].map((value) => {
    const y = tenth(height - bottom - value * scale);
    const line = `<line class="grid" x1="${left}" x2="${width}" y1="${y}" y2="${y}"/>`;
    return `${line}<text x="${left - 5}" y="${tenth(y + 3.5)}" text-anchor="end">${value.toLocaleString('en')}</text>`;
  });
}

/** Of a year's weeks every eighth, say: as many as have room. */
function namesOf(labels: readonly string[], step: number): string[] {
  const every = Math.max(1, Math.ceil(66 / step));
  return labels.flatMap((label, column) => {
    if (column % every !== 0) return [];
    return [`<text x="${tenth(left + column * step)}" y="${height - 6}">${escapeHtml(label)}</text>`];
  });
}

const tenth = (value: number) => Math.round(value * 10) / 10;

/** 1, 2, 5, 10, 20 …: an even one, so that its half is a number, too. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const found = [1, 2, 4, 6, 8, 10].find((times) => times * power >= value) ?? 10;
  return Math.max(2, found * power);
}
