import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { docsFaults } from '#scripts/check/docs.ts';
import { environmentFaults } from '#scripts/check/environment.ts';
import { errorCodeFaults } from '#scripts/check/error-codes.ts';
import { reasonFaults } from '#scripts/check/reasons.ts';

/** A project of these files. */
async function project(files: Record<string, string>): Promise<string> {
  const root = join(inject('runFolder'), 'check', String(Math.random()).slice(2));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

const scripts = JSON.stringify({ scripts: { bench: 'node bench/run.ts', start: 'node scripts/start.ts' } });

test('a page that names what exists has no fault', async () => {
  const page =
    'Run `npm run bench`; see `src/db/intake.ts`, [tests](test/db) and `src/workflows/<journey>/contract.ts`.';
  const tested = 'It keeps what came first: `test/db/intake.test.ts > keeps what came first`.';
  const root = await project({
    'README.md': page,
    'docs/systems.md': tested,
    'package.json': scripts,
    'bench/run.ts': '',
    'scripts/start.ts': '',
    'src/db/intake.ts': '',
    'test/db/intake.test.ts': "test('keeps what came first', () => {});",
  });
  expect(await docsFaults(root)).toEqual([]);
});

test('a command, a path and a test that do not exist are faults of the page that names them', async () => {
  const root = await project({
    'README.md': 'Run `npm run demo`; see `src/gone.ts`.',
    'docs/systems.md': '`test/db/intake.test.ts > forgets nothing`',
    'package.json': scripts,
    'bench/run.ts': '',
    'test/db/intake.test.ts': '',
  });
  expect(await docsFaults(root)).toEqual([
    'README.md names `npm run demo`, which package.json does not have.',
    'README.md names `src/gone.ts`, which does not exist.',
    'docs/systems.md names the test `forgets nothing`, which test/db/intake.test.ts does not have.',
    'package.json: `npm run start` runs scripts/start.ts, which does not exist.',
  ]);
});

test('error codes are compared both ways, with their status', async () => {
  const root = await project({ 'docs/errors.md': '| `not_found` | 410 | … |\n| `gone_away` | 404 | … |\n' });
  const faults = await errorCodeFaults(root);
  expect(faults).toContain('docs/errors.md says 410 for `not_found`, src/api/problems.ts 404.');
  expect(faults).toContain('docs/errors.md has no row for `unauthorized` of src/api/problems.ts: add it.');
  expect(faults).toContain('docs/errors.md has a row for `gone_away`, which nothing answers: remove it.');
});

test('reasons are compared both ways, word by word', async () => {
  const root = await project({ 'docs/decisions.md': '| `goal` | it was won | … | … |\n| `bad_luck` | … | … | … |\n' });
  const faults = await reasonFaults(root);
  expect(faults.find((fault) => fault.includes('`goal`'))).toContain('the goal of the journey was reached');
  expect(faults.some((fault) => fault.includes('should say of `unreachable:no_address`'))).toBe(true);
  expect(faults.at(-1)).toContain('has a row for `bad_luck`');
});

test('variables are compared both ways; those of Temporal are its own', async () => {
  const root = await project({ '.env.example': 'DATABASE_URL=x\n# VESTNIK_COLOUR=blue\nTEMPORAL_ADDRESS=y\n' });
  const faults = await environmentFaults(root);
  expect(faults).toContain('.env.example lacks VESTNIK_SECRET, which src/config.ts reads.');
  expect(faults).toContain('.env.example has VESTNIK_COLOUR, which src/config.ts does not read.');
  expect(faults.filter((fault) => /DATABASE_URL|TEMPORAL/.test(fault))).toEqual([]);
});
