import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type CsvOptions, openCsv } from '#scripts/files/csv.ts';

const folder = mkdtempSync(join(tmpdir(), 'vestnik-csv-'));
let files = 0;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function fileOf(content: string | Buffer, ending = 'csv'): string {
  const path = join(folder, `${files++}.${ending}`);
  writeFileSync(path, content);
  return path;
}

async function read(content: string | Buffer, options: CsvOptions = {}, ending = 'csv') {
  const csv = await openCsv(fileOf(content, ending), options);
  return { columns: csv.columns, rows: await all(csv.rows()) };
}

const cafe = { columns: ['id', 'name'], rows: [{ line: 2, value: ['1', 'Café, "big"'] }] };

test.each([
  ['as it is', 'id,name\n1,"Café, ""big"""\n', {}, 'csv'],
  ['with a byte order mark and CRLF', '\uFEFFid,name\r\n1,"Café, ""big"""\r\n', {}, 'csv'],
  ['with semicolons', 'id;name\n1;"Café, ""big"""\n', {}, 'csv'],
  ['with tabs', 'id\tname\n1\t"Café, ""big"""\n', {}, 'csv'],
  ['without a line end at its end', 'id,name\n1,"Café, ""big"""', {}, 'csv'],
  ['packed by gzip', gzipSync('id,name\n1,"Café, ""big"""\n'), {}, 'csv.gz'],
])('a file %s is read', async (_how, content, options, ending) => {
  expect(await read(content, options, ending)).toEqual(cafe);
});

test('what Excel writes in Russian is read by its encoding', async () => {
  // "товар" in windows-1251
  const content = Buffer.concat([
    Buffer.from('id;name\n1;'),
    Buffer.from([0xf2, 0xee, 0xe2, 0xe0, 0xf0]),
    Buffer.from('\n'),
  ]);
  expect((await read(content, { encoding: 'windows-1251' })).rows).toEqual([{ line: 2, value: ['1', 'товар'] }]);
  await expect(read(content, { encoding: 'windows-12' })).rejects.toThrow('The encoding "windows-12" is not known');
});

test('a line break within quotes belongs to the value, and lines are counted on', async () => {
  const { rows } = await read('id,name\n1,"two\nlines"\n\n2,one\n');
  expect(rows).toEqual([
    { line: 3, value: ['1', 'two\nlines'] },
    { line: 5, value: ['2', 'one'] },
  ]);
});

test('careless quotes and short rows are taken as they are', async () => {
  const { rows } = await read('id,name,price\n1,24" frame,5\n2\n');
  expect(rows.map(({ value }) => value)).toEqual([['1', '24" frame', '5'], ['2']]);
});

test('a file that is not there, or is not what its name says, is told of', async () => {
  await expect(openCsv(join(folder, 'nowhere.csv'))).rejects.toThrow(/nowhere\.csv cannot be read \(ENOENT\)/);
  await expect(read('not packed', {}, 'csv.gz')).rejects.toThrow(/cannot be read \(Z_DATA_ERROR\)/);
});

test('what is wrong with a file is said with its line', async () => {
  await expect(read('')).rejects.toThrow('is empty');
  await expect(read('id,id\n1,2\n')).rejects.toThrow('two columns "id"');
  await expect(read('id,name\n1,"never closed\n2,x\n')).rejects.toThrow(
    /is no CSV in line \d+ \(CSV_QUOTE_NOT_CLOSED\)/,
  );
});
