import { existsSync } from 'node:fs';
import { Failure } from '#domain/failure.ts';

/** What must be closed when a process ends. */
export interface Ending {
  /** Closes at once where the end has begun, as when somebody interrupts a start. */
  add(close: () => Promise<unknown>): void;
  /** Closes everything that was added, the newest first, once. Rejects with the first failure, after closing the rest. */
  run(): Promise<void>;
}

export function ending(): Ending {
  const closers: (() => Promise<unknown>)[] = [];
  let running: Promise<void> | undefined;
  const run = async () => {
    let failure: unknown;
    for (let close = closers.pop(); close; close = closers.pop())
      await close().catch((error: unknown) => {
        failure ??= error;
      });
    if (failure !== undefined) throw failure;
  };
  return {
    add: (close) => {
      if (running) void close().catch(() => {});
      else closers.push(close);
    },
    run: () => {
      running ??= run();
      return running;
    },
  };
}

/** Shows an error: a sentence where it is one for people, else all we know of it. */
export function tell(error: unknown): void {
  console.error(error instanceof Failure ? error.message : error);
}

/** Two signals within this time are one wish: a terminal's Ctrl-C reaches npm and us, and npm passes it on. */
const sameWishMs = 1_000;

/** Runs `end` on SIGINT, SIGTERM and SIGHUP; asked again later, leaves at once. */
export function endOnSignals(end: (signal: NodeJS.Signals) => void): void {
  let askedAt: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const now = Date.now();
      if (askedAt === undefined) {
        askedAt = now;
        end(signal);
      } else if (now - askedAt > sameWishMs) {
        process.exit(130);
      }
    });
  }
}

/** Variables of a file `.env` in the working folder, below those of the environment itself. Not for `npm start`, which
 *  must never find itself on the database of production. */
function readDotEnv(): void {
  if (existsSync('.env')) process.loadEnvFile('.env');
}

/** A process that runs until it is asked to end, or until `failed` rejects. `start` adds what must be closed. */
export async function runProcess(start: (end: Ending) => Promise<{ failed?: Promise<unknown> }>): Promise<void> {
  await runGuarded(async (end) => {
    const { failed } = await start(end);
    await (failed ?? new Promise(() => {}));
  });
}

/** A process that ends when its job is done. */
export async function runGuarded(job: (end: Ending) => Promise<void>): Promise<void> {
  const end = ending();
  const finish = async (code: number) => {
    const clean = await end.run().then(
      () => true,
      (error: unknown) => tell(error),
    );
    process.exit(clean ? code : 1);
  };
  endOnSignals(() => void finish(0));
  try {
    readDotEnv();
    await job(end);
    await finish(0);
  } catch (error) {
    tell(error);
    await finish(1);
  }
}
