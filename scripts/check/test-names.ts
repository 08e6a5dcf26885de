import { execFile } from 'node:child_process';
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
    // The parser takes `await freshDatabase()` at the top of a file for a test.
    if (name.startsWith('await ')) continue;
    const place = `${relative(root, file)}:${location.line}`;
    const other = first.get(name);
    if (other !== undefined) faults.push(`${place} and ${other} are both called "${name}": rename one.`);
    else first.set(name, place);
  }
  return faults;
}
