import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, inject, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/journeys.md'), 'utf8');
/** The project, as whoever reads the page has it. */
const parts = ['src', 'scripts', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

/** The code blocks of the page that begin so. */
function blocks(beginning: string): string[] {
  const code = [...page.matchAll(/^```\w*\n(.*?)^```$/gms)].map(([, text = '']) => text);
  return code.filter((text) => text.startsWith(beginning));
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Writes every file that the page shows into `copy`. */
function follow(copy: string): void {
  for (const block of blocks('// ')) {
    const [head = '', ...lines] = block.split('\n');
    write(join(copy, head.slice('// '.length)), lines.join('\n'));
  }
  const letters = join(copy, 'src/workflows/welcome-back/messages');
  for (const [index, letter] of blocks('---\nsubject').entries())
    for (const locale of ['en', 'ru'])
      write(join(letters, `${['hello', 'sections'][index]}.email.${locale}.mjml`), letter);
}

function command(copy: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
  return status === 0 ? '' : stdout + stderr;
}

test('the journey of docs/journeys.md is whole and compiles as it is written', () => {
  const copy = join(inject('runFolder'), 'tutorial');
  for (const part of parts) cpSync(join(root, part), join(copy, part), { recursive: true });
  follow(copy);
  expect(command(copy, 'scripts/generate.ts')).toBe('');
  for (const generated of ['src/workflows/catalogue.ts', 'src/activities/minds.ts'])
    expect(readFileSync(join(copy, generated), 'utf8')).toContain("'welcome-back'");
  expect(command(copy, join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', '.')).toBe('');
}, 300_000);
