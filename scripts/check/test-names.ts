import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';

interface Listed {
  name: string;
  file: string;
  location: { line: number };
}

/** No two tests of the suite have one name: a failure's name must lead to one place. */
export async function testNameFaults(root: string): Promise<string[]> {
  const vitest = join(root, 'node_modules/.bin/vitest');
  const { stdout } = await promisify(execFile)(vitest, ['list', '--static-parse', '--json'], {
    cwd: root,
    maxBuffer: 2 ** 26,
  });
  const tests: Listed[] = JSON.parse(stdout);
  const first = new Map<string, string>();
  const faults: string[] = [];
  for (const { name, file, location } of tests) {
    if (await isHelper(file, location.line)) continue;
    const place = `${relative(root, file)}:${location.line}`;
    const other = first.get(name);
    if (other !== undefined) faults.push(`${place} and ${other} are both called "${name}": rename one.`);
    else first.set(name, place);
  }
  return faults;
}

/** The parser takes a call of any function whose name begins with `test` for a test. */
async function isHelper(file: string, line: number): Promise<boolean> {
  const source = await readFile(file, 'utf8');
  return /\btest[A-Z]\w*\(/.test(source.split('\n')[line - 1] ?? '');
}
