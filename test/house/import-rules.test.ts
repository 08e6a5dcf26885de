import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const tree = join(inject('runFolder'), 'import-rules');

const values = (...modules: string[]) => modules.map((module) => `import * as it from '${module}';`);
const types = (...modules: string[]) => modules.map((module) => `import type * as it from '${module}';`);

const workflowRoom = {
  allowed: [
    ...values('@temporalio/workflow', '#domain/journey.ts', '#workflows/kit/run.ts', './contract.ts'),
    ...types('#activities/journeys.ts', './settings.ts'),
  ],
  forbidden: [
    ...values(
      '#activities/journeys.ts',
      './settings.ts',
      '#workflows/catalogue.ts',
      '#db/connect.ts',
      '#relay/port.ts',
    ),
    ...values('kysely', 'zod', 'handlebars', 'node:fs', '@temporalio/activity', '#config'),
    ...types('#db/connect.ts', 'kysely'),
    `import { type JourneyActivities, createActivities } from '#activities/journeys.ts';`,
    `export { createActivities } from '#activities/journeys.ts';`,
    `await import('#activities/journeys.ts');`,
  ],
};

const contractRoom = {
  allowed: values('#domain/journey.ts', 'zod', '#workflows/settings-schemas.ts', './contract.ts'),
  forbidden: values('#db/connect.ts', '#workflows/kit/run.ts', './workflow.ts', '@temporalio/workflow', 'node:fs'),
};

/** What a file may import and what not, a row per room of docs/architecture.md. */
const rooms: Record<string, { allowed: string[]; forbidden: string[] }> = {
  'src/domain/deep/probe.ts': {
    allowed: values('#domain/journey.ts', './other.ts', 'temporal-polyfill'),
    forbidden: values('#db/connect.ts', '#workflows/catalogue.ts', 'zod', 'node:fs', 'kysely'),
  },
  'src/workflows/abandonment/contract.ts': contractRoom,
  'src/workflows/abandonment/settings.ts': contractRoom,
  'src/workflows/abandonment/workflow.ts': workflowRoom,
  'src/workflows/abandonment/deep/probe.ts': workflowRoom,
  'src/workflows/kit/probe.ts': workflowRoom,
  'src/activities/deep/probe.ts': {
    allowed: [
      ...values('#domain/journey.ts', '#workflows/catalogue.ts', '#workflows/abandonment/settings.ts', '#db/runs.ts'),
      ...values('#channels/channel.ts', '#rendering/renderer.ts', '@temporalio/activity'),
      ...types('kysely', 'pg'),
    ],
    forbidden: [
      ...values(
        '#workflows/abandonment/workflow.ts',
        '#workflows/kit/run.ts',
        '#workflows/index.ts',
        '#relay/relay.ts',
      ),
      ...values('#api/app.ts', '#worker/worker.ts', 'kysely', 'pg', 'nodemailer', '@temporalio/client', 'express'),
    ],
  },
  'src/rendering/probe.ts': {
    allowed: values(
      '#domain/shop.ts',
      '#workflows/catalogue.ts',
      'handlebars',
      'mjml',
      'node:crypto',
      'node:fs/promises',
    ),
    forbidden: values('#db/connect.ts', '#channels/channel.ts', 'kysely', 'nodemailer', '@temporalio/activity'),
  },
  'src/channels/email/probe.ts': {
    allowed: values('#domain/journey.ts', '#channels/channel.ts', 'nodemailer'),
    forbidden: values('#db/connect.ts', '#rendering/renderer.ts', '#workflows/catalogue.ts', 'pg'),
  },
  'src/db/probe.ts': {
    allowed: values('#domain/ids.ts', 'kysely', 'pg', './connect.ts'),
    forbidden: values('#workflows/catalogue.ts', '#relay/relay.ts', '@temporalio/client', '#activities/journeys.ts'),
  },
  'src/relay/probe.ts': {
    allowed: [
      ...values('#domain/ids.ts', '#workflows/catalogue.ts', '#db/outbox.ts', '@temporalio/client'),
      ...types('pg'),
    ],
    forbidden: values('#activities/journeys.ts', '#api/app.ts', '#workflows/kit/run.ts', '@temporalio/worker', 'pg'),
  },
  'src/api/open/probe.ts': {
    allowed: [
      ...values(
        '#domain/ids.ts',
        '#workflows/catalogue.ts',
        '#db/settings.ts',
        '#relay/port.ts',
        '#rendering/tokens.ts',
      ),
      ...values('#channels/channel.ts', 'express', 'zod', 'node:crypto'),
      ...types('pg', 'kysely'),
    ],
    forbidden: [
      ...values(
        '#activities/journeys.ts',
        '#worker/worker.ts',
        '#inbox/server.ts',
        '#scripts/start.ts',
        '#test/support.ts',
      ),
      ...values('@temporalio/client', '@temporalio/workflow', 'kysely', 'pg', '#workflows/index.ts', '#config'),
    ],
  },
  'src/api/main.ts': {
    allowed: values('#config', '#db/connect.ts', '@temporalio/client', './app.ts'),
    forbidden: values('#scripts/start.ts', '#test/support/database.ts'),
  },
  'src/worker/probe.ts': {
    allowed: values('#activities/journeys.ts', '#relay/relay.ts', '#db/connect.ts', '@temporalio/worker'),
    forbidden: values('#api/app.ts', '#config', '#process/run.ts', '#scripts/start.ts', '#timemachine/machine.ts'),
  },
  'src/timemachine/probe.ts': {
    allowed: values('#activities/index.ts', '#relay/relay.ts', '#db/connect.ts', '#worker/bundle.ts', './sdk.ts'),
    forbidden: [
      ...values('#api/app.ts', '#config', '#process/run.ts', '@temporalio/proto'),
      ...values('@temporalio/worker/lib/worker.js', '@temporalio/common/lib/time.js'),
    ],
  },
  'src/timemachine/sdk.ts': {
    allowed: values('@temporalio/proto', '@temporalio/worker/lib/worker.js', 'node:module', './seeds.ts'),
    forbidden: values('#db/connect.ts', '#worker/bundle.ts'),
  },
  'src/process/probe.ts': {
    allowed: values('#domain/failure.ts', '#relay/temporal.ts', '@temporalio/worker', 'pino', './run.ts'),
    forbidden: values('#config', '#api/app.ts', '#worker/worker.ts', '#activities/index.ts', '#db/connect.ts', 'pg'),
  },
  'src/presets/probe.ts': {
    allowed: values('#domain/shop.ts', '#workflows/catalogue.ts'),
    forbidden: values('#db/settings.ts', '#activities/journeys.ts', 'node:fs', 'zod'),
  },
  'src/simulator/probe.ts': {
    allowed: values('#domain/zone.ts', '#simulator/dice.ts', './other.ts'),
    forbidden: values('#db/connect.ts', '#workflows/catalogue.ts', '#api/app.ts', 'node:fs', 'zod', 'pg'),
  },
  'src/inbox/probe.ts': {
    allowed: values('express', 'smtp-server', './store.ts'),
    forbidden: values('#db/connect.ts', '#domain/shop.ts', '#api/app.ts', 'pg', '#config'),
  },
  'src/site/probe.ts': { allowed: values('./other.ts'), forbidden: values('#domain/shop.ts', '#api/app.ts') },
  'src/config.ts': {
    allowed: [...values('zod', '#domain/shop.ts'), 'export const all = process.env;'],
    forbidden: values('#db/connect.ts', 'pg'),
  },
  'src/newroom/probe.ts': { allowed: values('#domain/ids.ts'), forbidden: values('#config') },
  'scripts/probe.ts': { allowed: [...values('#config', '#db/connect.ts'), 'process.env.CI;'], forbidden: [] },
  'test/db/probe.test.ts': { allowed: values('#db/connect.ts', '#config', 'pg'), forbidden: [] },
};

const everywhere = values('../other.ts', '../../src/db/connect.ts');
const environment = `export const it = process.env;`;
const mayReadEnvironment = (path: string) => path === 'src/config.ts' || !path.startsWith('src/');

/** Lines that lint objects to, by file. */
let objections: Map<string, Set<number>>;

const linesOf = (path: string) => {
  const { allowed = [], forbidden = [] } = rooms[path] ?? {};
  const never = [...everywhere, ...(mayReadEnvironment(path) ? [] : [environment])];
  return { allowed, forbidden: [...forbidden, ...never] };
};

beforeAll(async () => {
  for (const path of Object.keys(rooms)) {
    const { allowed, forbidden } = linesOf(path);
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), [...allowed, ...forbidden].join('\n'));
  }
  const rules = JSON.parse(await readFile(join(root, 'biome.json'), 'utf8'));
  await cp(join(root, 'lint'), join(tree, 'lint'), { recursive: true });
  await writeFile(join(tree, 'biome.json'), JSON.stringify({ ...rules, root: true, vcs: { enabled: false } }));
  objections = await lint();
});

interface Report {
  diagnostics: { category: string; location: { path: string; start: { line: number } } }[];
}

async function lint(): Promise<Map<string, Set<number>>> {
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '--config-path', tree, tree];
  const biome = join(root, 'node_modules/.bin/biome');
  const output = await new Promise<string>((resolve) => {
    execFile(biome, args, { cwd: tree, maxBuffer: 2 ** 26 }, (_, stdout) => resolve(stdout));
  });
  const report: Report = JSON.parse(output);
  const found = new Map<string, Set<number>>();
  for (const { category, location } of report.diagnostics) {
    if (!/noRestrictedImports|noProcessEnv|^plugin/.test(category)) continue;
    const path = location.path.slice(location.path.search(/(src|scripts|test)\/[^.]*\.(test\.)?ts$/));
    found.set(path, (found.get(path) ?? new Set()).add(location.start.line));
  }
  return found;
}

describe.each(Object.keys(rooms))('imports of %s', (path) => {
  const { allowed, forbidden } = linesOf(path);
  test('what its room may import passes lint, what it may not is caught', () => {
    const caught = [...(objections.get(path) ?? [])].sort((a, b) => a - b);
    const lines = [...allowed, ...forbidden];
    expect(caught.map((line) => lines[line - 1])).toEqual(forbidden);
  });
});
