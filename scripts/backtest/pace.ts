import type { Progress } from './play.ts';

const everyMs = 2_000;

/** Says how far a side is, and how long it may take yet: events are what its time goes by. */
export class Pace {
  readonly #name: string;
  readonly #events: number;
  readonly #tell: (line: string) => void;
  readonly #began = performance.now();
  #told = performance.now();

  constructor(name: string, events: number, tell: (line: string) => void) {
    this.#name = name;
    this.#events = events;
    this.#tell = tell;
  }

  is({ day, events, messages }: Progress): void {
    const now = performance.now();
    const isOver = events === this.#events;
    if (!isOver && now - this.#told < everyMs) return;
    this.#told = now;
    const passed = now - this.#began;
    const left = (passed / events) * (this.#events - events);
    const share = Math.floor((events / this.#events) * 100);
    const end = isOver ? `in ${duration(passed)}` : `about ${duration(left)} left`;
    this.#tell(`${this.#name} · ${day} · ${share} % · ${events} events · ${messages} messages · ${end}`);
  }
}

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
