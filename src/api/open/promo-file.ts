import { parse } from 'csv-parse/sync';
import { Problem } from '#api/problems.ts';
import { fieldError } from './validate.ts';

/** Items of a file of codes: a code a line, with its size behind a comma, semicolon or tab where the pool has several. A first line
 *  that begins with `code` names the columns. Throws `invalid_request` for what cannot be read. */
export function linesOf(text: string): { code?: string; size?: string }[] {
  const rows = read(text).filter((row) => row.some((cell) => cell !== ''));
  const [first] = rows;
  const names = first?.[0]?.toLowerCase() === 'code' ? first.map((name) => name.toLowerCase()) : null;
  const [codeAt, sizeAt] = names === null ? [0, 1] : [0, names.indexOf('size')];
  const lines = (names === null ? rows : rows.slice(1)).map((row) => {
    const [code, size] = [row[codeAt] ?? '', row[sizeAt] ?? ''];
    return { code, ...(size !== '' && { size }) };
  });
  if (lines.length === 0 || lines.length > mostLines) throw unreadable(`must have 1 to ${mostLines} lines with a code`);
  return lines;
}

const mostLines = 10_000;

function read(text: string): string[][] {
  try {
    return parse(text, { bom: true, delimiter: [',', ';', '\t'], trim: true, relax_column_count: true });
  } catch {
    throw unreadable('must be a text of lines, or CSV whose quotes are closed');
  }
}

function unreadable(message: string): Problem {
  return new Problem('invalid_request', { detail: `The file ${message}.`, errors: [fieldError([], message, true)] });
}
