import { existsSync } from 'node:fs';
import { Failure } from '#domain/failure.ts';

/** What a process does when it is asked to end, newest first. */
export interface Ending {
  add(close: () => Promise<unknown>): void;
  /** Closes everything that was added, once. */
  run(): Promise<void>;
}

export function ending(): Ending {
  const closers: (() => Promise<unknown>)[] = [];
  let running: Promise<void> | undefined;
  const run = async () => {
    let failure: unknown;
    for (const close of closers.reverse()) await close().catch((error: unknown) => (failure ??= error));
    if (failure !== undefined) throw failure;
  };
  return {
    add: (close) => closers.push(close),
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

/** A production process from start to end: `start` builds it and adds what must be closed; a rejection of `failed` ends it. */
export async function runProcess(start: (end: Ending) => Promise<{ failed?: Promise<unknown> }>): Promise<void> {
  const end = ending();
  const finish = async (code: number) => {
    await end.run().catch((error: unknown) => {
      tell(error);
      process.exitCode = 1;
    });
    process.exit(process.exitCode ?? code);
  };
  endOnSignals(() => void finish(0));
  try {
    readDotEnv();
    const { failed } = await start(end);
    await failed;
  } catch (error) {
    tell(error);
    await finish(1);
  }
}
