interface Entry<Row> {
  key: string;
  row: Row;
  isChanged: boolean;
}

/** Rows by key, and which of them have to be written. */
export class Table<Row> {
  readonly #entries = new Map<string, Entry<Row>>();
  readonly #changed: Entry<Row>[] = [];
  readonly removed: Row[] = [];

  constructor(known: readonly Row[], keyOf: (row: Row) => string) {
    for (const row of known) {
      const key = keyOf(row);
      this.#entries.set(key, { key, row, isChanged: false });
    }
  }

  get(key: string): Row | undefined {
    return this.#entries.get(key)?.row;
  }

  get size(): number {
    return this.#entries.size;
  }

  all(): Row[] {
    return [...this.#entries.values()].map(({ row }) => row);
  }

  change(key: string, row: Row): void {
    const entry = this.#entries.get(key) ?? { key, row, isChanged: false };
    entry.row = row;
    if (entry.isChanged) return;
    entry.isChanged = true;
    this.#changed.push(entry);
    this.#entries.set(key, entry);
  }

  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    entry.isChanged = false;
    this.removed.push(entry.row);
  }

  /** Changed rows by key, which is the order in which they are written, so that two writers never wait in a circle. */
  changed(): Row[] {
    const left = this.#changed.filter(({ isChanged }) => isChanged);
    return left.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
  }
}
