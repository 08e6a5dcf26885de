import type { Progress } from './play.ts';

const everyMs = 2_000;
/** What is to come takes as long as the last half minute: history goes faster than days on which journeys begin. */
const lookBackMs = 30_000;

/** Says how far a side is, and how long it may take yet. */
export class Pace {
  readonly #name: string;
  readonly #events: number;
  readonly #tell: (line: string) => void;
  readonly #began = performance.now();
  #told = performance.now();
  #lately: { at: number; events: number }[] = [{ at: this.#began, events: 0 }];

  constructor(name: string, events: number, tell: (line: string) => void) {
    this.#name = name;
    this.#events = events;
    this.#tell = tell;
  }

  is({ day, events, messages }: Progress): void {
    const now = performance.now();
    this.#lately.push({ at: now, events });
    const isOver = events === this.#events;
    if (!isOver && now - this.#told < everyMs) return;
    this.#told = now;
    const share = Math.floor((events / this.#events) * 100);
    const end = isOver ? `in ${duration(now - this.#began)}` : `about ${duration(this.#left(now, events))} left`;
    this.#tell(`${this.#name} · ${day} · ${share} % · ${events} events · ${messages} messages · ${end}`);
  }

  /** Milliseconds. */
  #left(now: number, events: number): number {
    while ((this.#lately[1]?.at ?? now) < now - lookBackMs) this.#lately.shift();
    const since = this.#lately[0] ?? { at: this.#began, events: 0 };
    return ((now - since.at) / Math.max(1, events - since.events)) * (this.#events - events);
  }
}

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
