import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { Failure } from '#domain/failure.ts';
import { linesOf, type Placed, textOf } from './lines.ts';

export interface CsvOptions {
  /** What is left out is found in the first line. */
  delimiter?: string | undefined;
  encoding?: string | undefined;
}

/** A table whose first line names its columns. */
export interface Csv {
  columns: string[];
  delimiter: string;
  /** Rows as they come, a text for each column; what a short row lacks is ''. Throws Failure on what is no CSV, with its line. */
  rows(): AsyncGenerator<Placed<string[]>>;
}

const delimiters = [',', ';', '\t', '|'];

/** Opens a CSV file (RFC 4180; also with other delimiters, a byte order mark, another encoding, packed by gzip). */
export async function openCsv(path: string, { delimiter, encoding = 'utf-8' }: CsvOptions = {}): Promise<Csv> {
  const first = await firstLine(path, encoding);
  const between = delimiter ?? mostFrequent(first);
  const read = () => rowsOf(path, between, encoding);
  const head = (await read().next()).value as Placed<string[]> | undefined;
  const columns = (head?.value ?? []).map((name) => name.trim());
  const twice = columns.find((name, index) => columns.indexOf(name) < index);
  if (twice !== undefined) throw new Failure(`${path} has two columns "${twice}": rename one of them.`);
  return {
    columns,
    delimiter: between,
    async *rows() {
      let isHead = true;
      for await (const row of read()) {
        if (!isHead) yield row;
        isHead = false;
      }
    },
  };
}

async function firstLine(path: string, encoding: string): Promise<string> {
  for await (const { value } of linesOf(path, encoding)) return value;
  throw new Failure(`${path} is empty: give a file whose first line names its columns.`);
}

function mostFrequent(line: string): string {
  const counts = delimiters.map((one) => line.split(one).length);
  return delimiters[counts.indexOf(Math.max(...counts))] as string;
}

async function* rowsOf(path: string, delimiter: string, encoding: string): AsyncGenerator<Placed<string[]>> {
  const parser = parse({
    delimiter,
    // Shops' exports quote carelessly: `24" frame`.
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    info: true,
  });
  const text = Readable.from(textOf(path, encoding));
  text.on('error', (error) => parser.destroy(error));
  text.pipe(parser);
  try {
    for await (const { info, record } of parser as AsyncIterable<{ info: { lines: number }; record: string[] }>)
      yield { line: info.lines, value: record };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new Failure(
      `${path} is no CSV in line ${error.lines ?? '?'} (${error.code}): correct it, or name its delimiter.`,
    );
  } finally {
    text.destroy();
  }
}
