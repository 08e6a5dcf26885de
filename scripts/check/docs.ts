import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { namesIn, readOr } from '#scripts/lib/files.ts';

const commandName = /\bnpm (?:run ([\w:-]+)|(start|test)\b)/g;
// A path in inline code or a link, perhaps with a test's name: `test/db/intake.test.ts > keeps what came first`.
const pathName = /[`(]((?:src|test|scripts|bench|migrations|docs|lint)\/[^`)\s#]*)(?: > ([^`)]+))?[`)#]/g;

/** What README.md and docs/*.md name must exist: commands, paths, tests. `<…>` and `…` stand for a name to fill in. */
export async function docsFaults(root: string): Promise<string[]> {
  const pages = ['README.md', ...(await namesIn(join(root, 'docs'))).map((name) => `docs/${name}`)];
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const faults: string[] = [];
  for (const page of pages.filter((name) => name.endsWith('.md'))) {
    const text = await readOr(join(root, page), '');
    if (text === '') faults.push(`${page} is missing: write it.`);
    for (const [, run, plain] of text.matchAll(commandName))
      if (!((run ?? plain ?? '') in scripts))
        faults.push(`${page} names \`npm run ${run}\`, which package.json does not have.`);
    for (const [, path = '', title] of text.matchAll(pathName))
      faults.push(...(await pathFaults(root, path, title)).map((fault) => `${page} names ${fault}`));
  }
  faults.push(...scriptFaults(root, scripts));
  return faults;
}

async function pathFaults(root: string, path: string, title?: string): Promise<string[]> {
  if (/[<…]/.test(path)) return [];
  if (path.includes('*') ? globSync(path, { cwd: root }).length === 0 : !existsSync(join(root, path)))
    return [`\`${path}\`, which does not exist.`];
  if (title !== undefined && !(await readFile(join(root, path), 'utf8')).includes(title.replaceAll("'", "\\'")))
    return [`the test \`${title}\`, which ${path} does not have.`];
  return [];
}

/** A command of package.json that runs a file of ours runs one that is there. */
function scriptFaults(root: string, scripts: Record<string, string>): string[] {
  return Object.entries(scripts).flatMap(([name, command]) => {
    const file = /^node (?:--\S+ )*(\S+)/.exec(command)?.[1];
    return file && !existsSync(join(root, file))
      ? [`package.json: \`npm run ${name}\` runs ${relative('.', file)}, which does not exist.`]
      : [];
  });
}
