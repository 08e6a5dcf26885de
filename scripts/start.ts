/** `npm start`: everything on this machine: PostgreSQL, Temporal, gateway, worker, inbox, a sample catalogue. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '#domain/failure.ts';
import { ending, endOnSignals, tell } from '#process/run.ts';
import { freePort } from './provision/processes.ts';
import { lockFolder } from './start/lock.ts';
import { readOptions, type StartOptions } from './start/options.ts';
import { watchParents } from './start/parents.ts';
import { type RuntimeFile, writeRuntime } from './start/runtime.ts';
import { assertPortsFree, openPostgres, openTemporal, type Server } from './start/servers.ts';

const began = Date.now();
const end = ending();
let isEnding = false;

function say(line: string): void {
  if (!isEnding) console.log(line);
}

async function finish(code: number): Promise<never> {
  isEnding = true;
  await end.run().catch((error: unknown) => {
    tell(error);
    code = 1;
  });
  process.exit(code);
}

async function start(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  const { DATABASE_URL, TEMPORAL_ADDRESS } = process.env;
  const lock = await lockFolder(options.data);
  end.add(async () => lock.release());
  await assertPortsFree(options, !TEMPORAL_ADDRESS);
  if (options.port === 0) options.port = await freePort();

  const guard = <T extends Server>(name: string, server: T): T => {
    end.add(() => server.stop());
    if (server.pid !== null) lock.addChild(server.pid);
    void server.ended?.then((how) =>
      failed(new Failure(`${name} has ended by itself (${how}): see ${join(options.data, 'logs')}.`)),
    );
    say(server.pid === null ? `  ${name} is yours, as the environment says` : `  ${name} is up (${seconds()})`);
    return server;
  };
  say(`Starting in ${options.data}`);
  // The modules load while the servers start.
  const [database, temporal, { openStore, startSystem }, { openLog }] = await settled([
    openPostgres(options, DATABASE_URL).then((server) => guard('PostgreSQL', server)),
    openTemporal(options, TEMPORAL_ADDRESS, say).then((server) => guard('Temporal', server)),
    import('./start/system.ts'),
    import('./start/log.ts'),
  ] as const);
  const log = openLog(options.data);
  const store = await openStore(database.url, options, end);
  say(`  The database is ready (${seconds()})`);
  const { temporalPlace } = await import('#process/temporal.ts');
  const place = temporal.address ? { options: { address: temporal.address }, namespace: 'default' } : temporalPlace();
  const system = await startSystem({ options, store, place, temporalUi: temporal.ui, log }, end);
  system.failed.catch(failed);
  const runtime = {
    gateway: system.gateway,
    console: `${system.gateway}/console`,
    inbox: system.inbox,
    temporalUi: temporal.ui,
    temporalAddress: place.options.address ?? '',
    namespace: place.namespace,
    databaseUrl: database.url,
    ...store.keys,
    consoleLogin: null,
    pid: process.pid,
    scale: store.clock.time.scale,
  };
  if (isEnding) return;
  writeRuntime(options.data, runtime);
  end.add(async () => rmSync(join(options.data, 'runtime.json'), { force: true }));
  announce(options, runtime);
}

function seconds(): string {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`;
}

/** All of them, or the first failure, once the others have come to an end that can be undone. */
async function settled<T extends readonly unknown[]>(parts: T): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}

function failed(error: unknown): void {
  if (isEnding) return;
  tell(error);
  void finish(1);
}

function announce(options: StartOptions, runtime: RuntimeFile): void {
  const batch = [
    { type: 'identify', userId: 'ann', traits: { email: 'ann@example.com' } },
    { type: 'track', userId: 'ann', event: 'Product Added', properties: { product_id: 'lamp-arc', quantity: 1 } },
  ];
  const lines = [
    '',
    `  Start page    ${runtime.gateway}`,
    `  Inbox         ${runtime.inbox}`,
    ...(runtime.temporalUi ? [`  Temporal UI   ${runtime.temporalUi}`] : []),
    `  Open API      ${runtime.gateway}/docs`,
    `  Write key     ${runtime.writeKey}`,
    `  API key       ${runtime.apiKey}`,
    ...(runtime.scale === 1 ? [] : [`  Time          ${runtime.scale} business seconds a second`]),
    '',
    '  Start a journey (an abandoned cart):',
    `  curl -u ${runtime.writeKey}: ${runtime.gateway}/v1/batch -H 'content-type: application/json' -d '${JSON.stringify({ batch })}'`,
    '',
    `ready in ${seconds()} · Ctrl-C stops everything · data in ${options.data}`,
  ];
  for (const line of lines) say(line);
}

endOnSignals(() => {
  say('Stopping …');
  void finish(0);
});
watchParents(() => void finish(1));
await start().catch((error: unknown) => {
  if (isEnding) return;
  tell(error);
  return finish(1);
});
