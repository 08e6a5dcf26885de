import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort } from '#scripts/provision/processes.ts';
import { freshDatabase } from '#test/support/database.ts';
import { devServer } from '#test/support/temporal.ts';

const root = join(import.meta.dirname, '../..');
const { db, url } = await freshDatabase();
const temporal = await devServer();

const environment = {
  PATH: process.env.PATH,
  DATABASE_URL: url,
  TEMPORAL_ADDRESS: temporal.address,
  TEMPORAL_NAMESPACE: temporal.namespace ?? 'default',
  VESTNIK_SECRET: 'a secret of the tests, long enough to sign links with',
  VESTNIK_PUBLIC_URL: 'http://localhost',
  VESTNIK_EMAIL_URL: 'smtp://127.0.0.1:9',
  VESTNIK_HOST: '127.0.0.1',
};

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** A production process as docker compose runs it. */
function run(script: string, args: string[] = [], env: Record<string, string | undefined> = {}) {
  const child = spawn(process.execPath, [join(root, script), ...args], {
    cwd: root,
    env: { ...environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const said = { out: '', err: '' };
  child.stdout.on('data', (text) => (said.out += text));
  child.stderr.on('data', (text) => (said.err += text));
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal);
  const says = async (text: string) => {
    while (!said.out.includes(text)) {
      if (child.exitCode !== null) throw new Error(`it ended: ${said.out}${said.err}`);
      await sleep(20);
    }
  };
  return { child, said, ended, says };
}

const gateway = 'src/api/main.ts';
const worker = 'src/worker/main.ts';
const migration = 'src/db/main.ts';

describe('production', () => {
  it.each([gateway, worker])('%s refuses to start without a secret, in one sentence', async (script) => {
    const { ended, said } = run(script, [], { VESTNIK_SECRET: '' });
    expect(await ended).toBe(1);
    expect(said.err).toMatch(/^VESTNIK_SECRET is not set \(.*\): see \.env\.example\.\n$/);
  });

  it('a gateway refuses to start on a database that was never migrated', async () => {
    const { ended, said } = run(gateway);
    expect(await ended).toBe(1);
    expect(said.err).toBe('The database has never been started: run "npm run migrate" first.\n');
  });

  let writeKey = '';

  it('the migration starts the clock, stores the preset, registers search attributes, and makes keys once', async () => {
    const first = run(migration, ['--write-key', 'site', '--api-key', 'office'], { VESTNIK_PRESET: 'dnk' });
    expect([await first.ended, first.said.err]).toEqual([0, '']);
    writeKey = /^site: (\S+)$/m.exec(first.said.out)?.[1] ?? '';
    expect(first.said.out).toMatch(/^office: \S+$/m);
    const names = await db.selectFrom('settings').select(['name', 'version']).execute();
    expect(names).toEqual(
      expect.arrayContaining([
        { name: 'abandonment', version: 1 },
        { name: 'shop', version: 1 },
      ]),
    );
    expect(await run(migration, [], { VESTNIK_PRESET: 'dnk' }).ended).toBe(0);
    const again = run(migration, ['--write-key', 'site']);
    expect([await again.ended, again.said.err]).toEqual([
      1,
      'There is a key named site already: choose another name.\n',
    ]);
    const scaled = run(migration, [], { VESTNIK_SCALE: '2' });
    expect([await scaled.ended, scaled.said.err]).toEqual([1, expect.stringMatching(/^This data runs at scale 1, /)]);
  });

  it('a gateway that is asked to end keeps every event that it has answered for', async () => {
    const port = await freePort();
    const { child, ended, says } = run(gateway, [], { VESTNIK_PORT: String(port) });
    await says('The gateway listens');
    const accepted: string[] = [];
    let isDown = false;
    const client = async (name: number) => {
      for (let call = 0; !isDown; call++) {
        const messageId = `${name}-${call}`;
        const answer = await track(port, messageId).catch(() => null);
        if (answer?.ok) accepted.push(messageId);
        if (answer === null) return;
        if (accepted.length === 200) child.kill('SIGTERM');
      }
    };
    const clients = Promise.all(Array.from({ length: 16 }, (_, name) => client(name)));
    expect(await ended).toBe(0);
    isDown = true;
    await clients;
    const rows = await db.selectFrom('events').select('message_id').execute();
    const kept = new Set(rows.map((row) => row.message_id));
    expect(accepted.length).toBeGreaterThanOrEqual(200);
    expect(accepted.filter((messageId) => !kept.has(messageId))).toEqual([]);
  });

  function track(port: number, messageId: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${port}/v1/track`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${writeKey}:`)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ userId: 'u1', event: 'Product Viewed', messageId, properties: { product_id: 'p1' } }),
    });
  }

  it('a worker that is asked to end does so cleanly', async () => {
    const { child, ended, says } = run(worker);
    await says('The worker takes work');
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
