/** A table whose cells are HTML already; the first column is text, the others are numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], textColumns = 1): string {
  const kind = (column: number) => (column < textColumns ? '' : ' class="number"');
  const headRow = head.map((cell, column) => `<th${kind(column)}>${cell}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell, column) => `<td${kind(column)}>${cell}</td>`).join('')}</tr>`);
  return `<div class="wide"><table><thead><tr>${headRow}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>`;
}

export function share(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((part / whole) * 100).toFixed(part === whole ? 0 : 1)} %`;
}

/** `+12`, `−3`, `±0`. */
export function difference(from: number, to: number): string {
  const by = to - from;
  const sign = by > 0 ? '+' : by < 0 ? '−' : '±';
  return `${sign}${Math.abs(by).toLocaleString('en')}`;
}
