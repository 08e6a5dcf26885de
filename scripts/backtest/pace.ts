import { duration, Estimate } from '#scripts/files/estimate.ts';
import type { Progress } from './play.ts';

const everyMs = 2_000;

/** Says how far a side is, and how long it may take yet. */
export class Pace {
  readonly #name: string;
  readonly #events: number;
  readonly #tell: (line: string) => void;
  readonly #began = performance.now();
  #told = performance.now();
  readonly #estimate: Estimate;

  constructor(name: string, events: number, tell: (line: string) => void) {
    this.#name = name;
    this.#events = events;
    this.#tell = tell;
    this.#estimate = new Estimate(events);
  }

  is({ day, events, messages }: Progress): void {
    const now = performance.now();
    const left = this.#estimate.left(now, events);
    const isOver = events === this.#events;
    if (!isOver && now - this.#told < everyMs) return;
    this.#told = now;
    const share = Math.floor((events / this.#events) * 100);
    const end = isOver ? `in ${duration(now - this.#began)}` : `about ${duration(left)} left`;
    this.#tell(`${this.#name} · ${day} · ${share} % · ${events} events · ${messages} messages · ${end}`);
  }
}
