import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from 'vitest';
import { startBusinessClock } from '#db/business-clock.ts';
import { Failure } from '#domain/failure.ts';
import { readImportOptions } from '#scripts/import/options.ts';
import { importFile } from '#scripts/import/run.ts';
import { testGateway } from '#test/api/support.ts';
import { freshDatabase } from '#test/support/database.ts';

/** A shop to import into, with a folder for files, until the file's tests are over. */
export async function importing() {
  const database = await freshDatabase();
  await startBusinessClock(database.db, 1, Date.now());
  const folder = mkdtempSync(join(tmpdir(), 'vestnik-import-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const gateway = await testGateway(database);

  function file(name: string, content: string | Buffer): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** As `npm run import -- ARGS`; what it tells instead of a failure. */
  async function run(...args: string[]) {
    const told: string[] = [];
    const screen = { isTerminal: false, write: (text: string) => void told.push(text) };
    try {
      const counts = await importFile(readImportOptions(args), database.url, screen);
      return { ...counts, told };
    } catch (error) {
      if (error instanceof Failure) return { failed: error.message };
      throw error;
    }
  }

  /** Everything that an import writes, so that two moments can be compared. */
  async function everything(): Promise<string> {
    const tables = [
      'customers',
      'identities',
      'profiles',
      'consents',
      'consent_states',
      'identity_conflicts',
      'events',
    ];
    tables.push('orders', 'order_lines', 'order_states', 'order_changes', 'products', 'offers', 'outbox', 'cart_items');
    const rows = await Promise.all(
      tables.map((name) => database.pool.query(`select to_jsonb(t)::text as row from ${name} t order by 1`)),
    );
    return JSON.stringify(rows.map((result) => result.rows));
  }

  const customer = async (query: string) => {
    const [found] = (await gateway.call('GET', `/customers?${query}`)).body.items;
    return found === undefined ? null : (await gateway.call('GET', `/customers/${found.id}/export`)).body;
  };

  return { ...gateway, ...database, folder, file, run, everything, customer };
}

/** `npm run import` in a process of its own, killed once `isTime` says so. Resolves when it is over. */
export async function killedWhen(isTime: () => Promise<boolean>, url: string, ...args: string[]): Promise<void> {
  const script = join(import.meta.dirname, '../../scripts/import.ts');
  const child = execFile(process.execPath, [script, ...args], { env: { ...process.env, DATABASE_URL: url } });
  const over = new Promise<void>((resolve) => child.once('close', () => resolve()));
  while (child.exitCode === null && !(await isTime())) await sleep(5);
  child.kill('SIGKILL');
  await over;
}
