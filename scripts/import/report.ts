import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Taken } from './take.ts';

const header = 'line,field,reason\n';

/** The lines that were refused: a CSV file with where each stands, which field is wrong, and why. No value of the file is in it. */
export class Report {
  readonly path: string;
  readonly #rows: Set<string>;

  /** Of an import that goes on after line `after`, what was refused before stays. */
  constructor(path: string, after: number) {
    this.path = path;
    const kept = after > 0 && existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(1) : [];
    this.#rows = new Set(kept.filter((row) => row !== '' && Number.parseInt(row, 10) <= after));
    if (this.#rows.size > 0) writeFileSync(path, `${header}${[...this.#rows].join('\n')}\n`);
    else rmSync(path, { force: true });
  }

  /** Rows so far. */
  get size(): number {
    return this.#rows.size;
  }

  /** Each is told once: items whose lines stand apart are looked at again by whoever goes on. */
  add(refused: Taken['refused']): void {
    const rows = refused
      .toSorted((a, b) => a.line - b.line)
      .map((one) => [one.line, cell(one.field), cell(one.reason)].join(','))
      .filter((row) => !this.#rows.has(row));
    if (rows.length === 0) return;
    if (this.#rows.size === 0) writeFileSync(this.path, header);
    for (const row of rows) this.#rows.add(row);
    appendFileSync(this.path, `${rows.join('\n')}\n`);
  }
}

function cell(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
