import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, inject, it } from 'vitest';
import { isRunning, processesOf, start, until } from './starting.ts';

/** Starts that begin a data folder of their own, and stay below the folder of this run of the tests. */
let folders = 0;
const newFolder = () => join(inject('runFolder'), `start-${process.pid}-${++folders}`);
const used: string[] = [];
const folder = () => {
  const data = newFolder();
  used.push(data);
  return data;
};

afterAll(() => {
  for (const { pid } of used.flatMap(processesOf)) process.kill(pid, 'SIGKILL');
});

/** One sentence, exit code 1, no stack. */
async function refusal(data: string, options: string[] = [], env = {}): Promise<string> {
  const { ended, output } = start(data, options, { env });
  expect([await ended, output()]).toEqual([1, expect.any(String)]);
  expect(output()).not.toMatch(/\n\s+at /);
  const lines = output().trim().split('\n');
  return lines.filter((line) => !/^(Starting in|Stopping| {2})/.test(line)).join('\n');
}

describe('npm start says in one sentence what is wrong and what to do', () => {
  it.each([
    [['--colour', 'red'], /^Unknown option '--colour': the options are --preset, --data/],
    [['--port', 'http'], /^--port cannot be "http": give a port/],
    [['--scale', '0'], /^--scale cannot be "0"/],
    [['--preset', 'nobody'], /^--preset cannot be "nobody": choose one of default, /],
    [['--sample', 'large'], /^--sample cannot be "large": choose one of none, small\.$/],
  ])('options: %o', async (options, sentence) => {
    expect(await refusal(folder(), options)).toMatch(sentence);
  });

  it('a missing binary', async () => {
    const said = await refusal(folder(), [], { VESTNIK_TEMPORAL_CLI: '/nowhere/temporal' });
    expect(said).toMatch(/^VESTNIK_TEMPORAL_CLI says \/nowhere\/temporal, where there is no executable file: /);
  });

  describe('a port in use', () => {
    let server: Server;
    afterEach(() => server.close());

    it.each(['--port', '--ui-port'])('%s', async (option) => {
      server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      const port = typeof address === 'object' ? String(address?.port) : '';
      expect(await refusal(folder(), [option, port])).toMatch(new RegExp(`^Port ${port}.* in use: .* ${option} `));
    });
  });
});

describe('npm start on one data folder', { timeout: 300_000 }, () => {
  const data = folder();

  it('is ready, refuses a second one on the folder, and Ctrl-C ends all of it', async () => {
    const first = start(data, ['--scale', '60'], { npm: true });
    const runtime = await first.ready();
    expect(runtime).toMatchObject({ scale: 60, namespace: 'default', consoleLogin: null });
    expect((await fetch(`${runtime.gateway}/readyz`)).status).toBe(200);
    expect(await refusal(data)).toMatch(
      /^The data folder .* is in use by another Vestnik \(process \d+\): stop that one/,
    );
    // As a terminal does it: everybody in the group at once.
    process.kill(-(first.child.pid ?? 0), 'SIGINT');
    await first.ended;
    await until(() => processesOf(data).length === 0);
    expect(isRunning(data)).toBe(false);
  });

  it('keeps keys and products over a restart, and its scale', async () => {
    expect(await refusal(data, ['--scale', '61'])).toMatch(
      /^The data folder .* runs at scale 60, .* leave out --scale 61/,
    );
    const second = start(data);
    const { gateway, apiKey, scale } = await second.ready();
    const headers = { authorization: `Bearer ${apiKey}` };
    const answer = await fetch(`${gateway}/api/v1/products?limit=100`, { headers });
    const { items } = (await answer.json()) as { items: { imageUrl: string }[] };
    expect([items.length, scale]).toEqual([40, 60]);
    expect((await fetch(items[0]?.imageUrl ?? '')).headers.get('content-type')).toBe('image/png');
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    await until(() => processesOf(data).length === 0);
  });

  it.each(['npm', 'the shell between', 'our own process'] as const)(
    'leaves nothing behind when %s is killed',
    async (who) => {
      const running = start(data, [], { npm: true });
      const { pid } = await running.ready();
      const all = processesOf(data);
      const shell = all.find(({ command }) => /^sh -c node /.test(command))?.pid;
      const victim = { npm: running.child.pid, 'the shell between': shell, 'our own process': pid }[who];
      if (!victim) throw new Error(`no such process among ${JSON.stringify(all)}`);
      process.kill(victim, 'SIGKILL');
      await until(() => processesOf(data).length === 0);
    },
  );

  it('says that it is damaged when a file of Temporal or PostgreSQL is', async () => {
    writeFileSync(join(data, 'temporal.db'), 'this is no database '.repeat(500));
    expect(await refusal(data)).toMatch(/^Temporal's data file .*temporal\.db is damaged: restore /);
    rmSync(join(data, 'postgres', 'PG_VERSION'));
    expect(await refusal(data)).toMatch(/^The data folder .* is damaged \(.*PG_VERSION is missing\): restore /);
    await until(() => processesOf(data).length === 0);
  });
});
