import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Taken } from './take.ts';

const header = 'line,field,reason\n';

/** The lines that were refused: a CSV file with where each stands, which field is wrong, and why. No value of the file is in it. */
export class Report {
  readonly path: string;

  /** Of an import that goes on after line `after`, what was refused before stays. */
  constructor(path: string, after: number) {
    this.path = path;
    const kept = after > 0 && existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(1) : [];
    const before = kept.filter((row) => row !== '' && Number.parseInt(row, 10) <= after);
    if (before.length > 0) writeFileSync(path, `${header}${before.join('\n')}\n`);
    else rmSync(path, { force: true });
  }

  add(refused: Taken['refused']): void {
    if (refused.length === 0) return;
    if (!existsSync(this.path)) writeFileSync(this.path, header);
    const rows = refused
      .toSorted((a, b) => a.line - b.line)
      .map((one) => [one.line, cell(one.field), cell(one.reason)]);
    appendFileSync(this.path, `${rows.map((row) => row.join(',')).join('\n')}\n`);
  }
}

function cell(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
