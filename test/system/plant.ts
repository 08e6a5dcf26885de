import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningDevServer, startDevServer } from '#scripts/provision/devserver.ts';
import { type RunningPostgres, startPostgres } from '#scripts/provision/postgres.ts';
import { freePort, type Guarded, poll, startGuarded, tail } from '#scripts/provision/processes.ts';

const root = join(import.meta.dirname, '../..');
/** A start or an end that takes longer, on whatever machine, is none. */
const limitMs = 120_000;

interface PlantOptions {
  /** Gets data and logs. */
  dir: string;
  temporalCli: string;
  smtpPort: number;
  /** Business seconds in a real one. */
  scale: number;
}

/** Everything of a small production on this machine, each a process of its own that can be killed and started again. */
export class Plant {
  readonly #options: PlantOptions;
  readonly #ports: { postgres: number; temporal: number; gateway: number };
  readonly #running = new Map<'gateway' | 'worker', Guarded>();
  readonly #logs = new Map<string, string>();
  #postgres!: RunningPostgres;
  #temporal!: RunningDevServer;
  #starts = 0;
  writeKey = '';
  apiKey = '';

  private constructor(options: PlantOptions, ports: { postgres: number; temporal: number; gateway: number }) {
    this.#options = options;
    this.#ports = ports;
  }

  static async start(options: PlantOptions): Promise<Plant> {
    await mkdir(options.dir, { recursive: true });
    const [postgres, temporal, gateway] = [await freePort(), await freePort(), await freePort()];
    const plant = new Plant(options, { postgres, temporal, gateway });
    await Promise.all([plant.startPostgres(), plant.startTemporal()]);
    await plant.#migrate();
    await Promise.all([plant.startGateway(), plant.startWorker()]);
    return plant;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports.gateway}`;
  }

  get databaseUrl(): string {
    return this.#postgres.url;
  }

  get temporalAddress(): string {
    return this.#temporal.address;
  }

  /** Without flushing to the disk, which only a power cut would show; commits are in the log of the database all the same. */
  async startPostgres(): Promise<void> {
    const settings = { fsync: 'off', full_page_writes: 'off' };
    this.#postgres = await startPostgres({ dataDir: this.#options.dir, port: this.#ports.postgres, settings });
  }

  /** "Immediate" shutdown: no checkpoint, every connection cut off; the next start recovers as after a crash. */
  async crashPostgres(): Promise<void> {
    process.kill(this.#postgres.pid, 'SIGQUIT');
    await this.#postgres.ended;
  }

  async startTemporal(): Promise<void> {
    const { temporalCli: cli, dir: dataDir } = this.#options;
    this.#temporal = await startDevServer({
      cli,
      dataDir,
      port: this.#ports.temporal,
      log: join(dataDir, 'temporal.log'),
    });
  }

  stopTemporal(): Promise<void> {
    return this.#temporal.stop();
  }

  startGateway(): Promise<void> {
    return this.#startProcess('gateway', 'src/api/main.ts', 'The gateway listens');
  }

  startWorker(): Promise<void> {
    return this.#startProcess('worker', 'src/worker/main.ts', 'The worker takes work');
  }

  /** kill -9 */
  kill(name: 'gateway' | 'worker'): Promise<string> {
    return this.#signal(name, 'SIGKILL');
  }

  /** Asks to end; resolves with how it ended. */
  end(name: 'gateway' | 'worker'): Promise<string> {
    return this.#signal(name, 'SIGTERM');
  }

  /** The last lines that a process has logged. */
  tail(name: 'gateway' | 'worker', lines = 12): string {
    return tail(this.#logs.get(name) ?? '', lines).replaceAll(' | ', '\n');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((one) => one.stop('SIGKILL')));
    await this.#temporal?.stop();
    await this.#postgres?.stop();
  }

  async #signal(name: 'gateway' | 'worker', signal: NodeJS.Signals): Promise<string> {
    const running = this.#running.get(name);
    if (!running?.isRunning()) throw new Error(`the ${name} does not run`);
    process.kill(running.pid, signal);
    return Promise.race([running.ended, sleep(limitMs, `still runs ${limitMs} ms after ${signal}`, { ref: false })]);
  }

  async #migrate(): Promise<void> {
    const { child, log } = this.#spawn('migrate', 'src/db/main.ts', ['--write-key', 'site', '--api-key', 'office']);
    const how = await child.ended;
    const said = readFileSync(log, 'utf8');
    this.writeKey = /^site: (\S+)$/m.exec(said)?.[1] ?? '';
    this.apiKey = /^office: (\S+)$/m.exec(said)?.[1] ?? '';
    if (how !== 'exit code 0' || !this.apiKey) throw new Error(`the migration failed (${how}): ${said}`);
  }

  async #startProcess(name: 'gateway' | 'worker', script: string, ready: string): Promise<void> {
    const { child, log } = this.#spawn(name, script);
    this.#running.set(name, child);
    const check = () => (readFileSync(log, 'utf8').includes(ready) ? true : child.isRunning() ? undefined : false);
    if (!(await poll(check, 20, limitMs))) throw new Error(`the ${name} did not start: ${tail(log, 5)}`);
  }

  #spawn(name: string, script: string, args: string[] = []): { child: Guarded; log: string } {
    const log = join(this.#options.dir, `${name}-${++this.#starts}.log`);
    this.#logs.set(name, log);
    const variables = Object.entries(this.#environment()).map(([key, value]) => `${key}=${value}`);
    const command = ['env', ...variables, process.execPath, join(root, script), ...args];
    return { child: startGuarded(command, log, { cwd: this.#options.dir }), log };
  }

  #environment(): Record<string, string> {
    return {
      DATABASE_URL: this.databaseUrl,
      TEMPORAL_ADDRESS: this.temporalAddress,
      TEMPORAL_NAMESPACE: 'default',
      VESTNIK_SECRET: 'a secret of the tests, long enough to sign links with',
      VESTNIK_PUBLIC_URL: this.url,
      VESTNIK_EMAIL_URL: `smtp://127.0.0.1:${this.#options.smtpPort}`,
      VESTNIK_HOST: '127.0.0.1',
      VESTNIK_PORT: String(this.#ports.gateway),
      VESTNIK_SCALE: String(this.#options.scale),
      VESTNIK_SHUTDOWN_SECONDS: '10',
    };
  }
}
