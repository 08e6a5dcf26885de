import { duration, Estimate } from '#scripts/files/estimate.ts';

const everyMs = 1_000;

/** Says how far an import is: a line that is written over on a terminal, one now and then elsewhere. */
export class Progress {
  readonly #lines: number;
  readonly #write: (text: string) => void;
  readonly #isTerminal: boolean;
  readonly #estimate: Estimate;
  #told = performance.now();

  /** `lines` of the file; those up to `after` were in before. */
  constructor(lines: number, after: number, { write, isTerminal }: { write(text: string): void; isTerminal: boolean }) {
    this.#lines = lines;
    this.#write = write;
    this.#isTerminal = isTerminal;
    this.#estimate = new Estimate(lines, after);
  }

  /** `now` in ms, as `performance.now()`. */
  is(line: number, refused: number, now = performance.now()): void {
    const left = this.#estimate.left(now, line);
    if (now - this.#told < everyMs * (this.#isTerminal ? 1 : 5)) return;
    this.#told = now;
    const share = Math.floor((line / Math.max(1, this.#lines)) * 100);
    const text = `${bar(share)} ${share} % · line ${line} of ${this.#lines} · ${refused} refused · about ${duration(left)} left`;
    this.#write(this.#isTerminal ? `\r\x1b[K${text}` : `${text}\n`);
  }

  end(): void {
    if (this.#isTerminal) this.#write('\r\x1b[K');
  }
}

const width = 20;

function bar(share: number): string {
  const full = Math.floor((share / 100) * width);
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}]`;
}
