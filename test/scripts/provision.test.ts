import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { type RunningPostgres, startPostgres } from '#scripts/provision/postgres.ts';
import { findTemporal } from '#scripts/provision/temporal.ts';

const folder = join(inject('runFolder'), `provision-${process.pid}`);
mkdirSync(folder, { recursive: true });

describe('where the Temporal CLI comes from', () => {
  const executable = (name: string) => {
    mkdirSync(join(folder, name), { recursive: true });
    const file = join(folder, name, 'temporal');
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o755);
    return file;
  };

  it('a path in the environment comes before PATH, PATH before what was kept', () => {
    const [given, onPath] = [executable('given'), executable('path')];
    const PATH = `/nowhere:${join(folder, 'path')}`;
    expect(findTemporal('cli', { PATH, VESTNIK_TEMPORAL_CLI: given })).toBe(given);
    expect(findTemporal('cli', { PATH })).toBe(onPath);
    expect(findTemporal('cli', { PATH: '/nowhere' })).toMatch(/\/\.cache\/bin\/temporal$/);
  });

  it('a path in the environment where nothing is, or nothing that can be run, is told', () => {
    expect(() => findTemporal('testServer', { VESTNIK_TEMPORAL_TEST_SERVER: folder })).toThrow(
      /^VESTNIK_TEMPORAL_TEST_SERVER says .*, where there is no executable file: mend the path, or unset/,
    );
  });
});

describe('embedded PostgreSQL', () => {
  const servers: RunningPostgres[] = [];
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  // PostgreSQL itself refuses to run as root.
  const ways = process.getuid?.() === 0 ? (['unshare', 'setpriv'] as const) : [undefined];

  it.each(ways)('keeps its data and password over a restart, and both to itself (as root: %s)', async (asRoot) => {
    const dataDir = join(folder, `postgres-${asRoot}`);
    const open = async () => {
      const server = await startPostgres({ dataDir, log: join(dataDir, 'log'), ...(asRoot && { asRoot }) });
      servers.push(server);
      return server;
    };
    const first = await open();
    await query(first.url, 'create table kept (it int)');
    await first.stop();
    const second = await open();
    expect(await query(second.url, 'select count(*)::int as rows from kept')).toEqual([{ rows: 0 }]);
    expect(await query(second.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    expect(await query(second.url, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
    expect(statSync(join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600);
    const password = readFileSync(join(dataDir, 'postgres.password'), 'utf8');
    await expect(query(second.url.replace(password, 'wrong'), 'select 1')).rejects.toThrow(/password authentication/);
  });

  async function query(connectionString: string, text: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }
});
