/** What a run was told so far, an entry a workflow task. A sleeping run's is one piece of memory of just its size. */
export class Log {
  private fresh: Uint8Array[] = [];
  private packed: Uint8Array | null = null;
  private ends: Uint32Array | null = null;

  get isEmpty(): boolean {
    return this.packed === null && this.fresh.length === 0;
  }

  add(entry: Uint8Array): void {
    this.fresh.push(entry);
  }

  /** The oldest first. */
  entries(): Uint8Array[] {
    const { packed, ends, fresh } = this;
    if (packed === null || ends === null) return fresh;
    const before = Array.from(ends, (end, index) => packed.subarray(ends[index - 1] ?? 0, end));
    return [...before, ...fresh];
  }

  /** Encoders give corners of larger pieces, which would be kept whole. */
  pack(): void {
    if (this.fresh.length === 0) return;
    const entries = this.entries();
    let end = 0;
    const ends = Uint32Array.from(entries, ({ length }) => {
      end += length;
      return end;
    });
    const packed = new Uint8Array(end);
    for (const [index, entry] of entries.entries()) packed.set(entry, ends[index - 1] ?? 0);
    this.packed = packed;
    this.ends = ends;
    this.fresh = [];
  }
}
