/** Rows by key, and which of them have to be written. */
export class Table<Row> {
  readonly #rows = new Map<string, Row>();
  readonly #changed = new Set<string>();
  readonly removed: Row[] = [];

  constructor(known: readonly Row[], keyOf: (row: Row) => string) {
    for (const row of known) this.#rows.set(keyOf(row), row);
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  get size(): number {
    return this.#rows.size;
  }

  all(): Row[] {
    return [...this.#rows.values()];
  }

  change(key: string, row: Row): void {
    this.#rows.set(key, row);
    this.#changed.add(key);
  }

  remove(key: string): void {
    const row = this.#rows.get(key);
    if (row === undefined) return;
    this.#rows.delete(key);
    this.#changed.delete(key);
    this.removed.push(row);
  }

  /** Changed rows by key, which is the order in which they are written, so that two writers never wait in a circle. */
  changed(): Row[] {
    return [...this.#changed].sort().map((key) => this.#rows.get(key) as Row);
  }
}
