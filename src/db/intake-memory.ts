import { ByIdentity, type IdentityKind, type KnownIdentity } from '#domain/identity.ts';
import type { LiveRun } from '#domain/triggers.ts';

/** What a process keeps in mind of a customer. It holds while `version` is that of the row: see migration 0004. */
export interface Remembered {
  readonly id: string;
  readonly version: number;
  runs: readonly LiveRun[];
  /** Epoch ms; another process may have seen them since. */
  lastSeenAt: number | null;
  /** No longer to be believed, nor is it that they hold an identity. */
  isForgotten: boolean;
}

export interface Holding {
  readonly holder: Remembered;
  /** Epoch ms. */
  readonly since: number;
}

/** About 30 MB. */
const most = 100_000;

/**
 * Customers whose events came by here, so that the next event of theirs asks the database neither who they are nor which runs
 * they have: intake only compares their version, under the lock that it takes anyway. What is remembered is therefore never
 * trusted by itself, and it does not matter how many gateways there are.
 */
export class Memory {
  readonly #customers = new Map<string, Remembered>();
  readonly #identities = new ByIdentity<Holding>();

  customer(id: string): Remembered | undefined {
    return this.#customers.get(id);
  }

  /** Who held an identity when it was last read. */
  holding(kind: IdentityKind, value: string): Holding | undefined {
    const holding = this.#identities.get(kind, value);
    return holding === undefined || holding.holder.isForgotten ? undefined : holding;
  }

  remember({ id, version, runs, lastSeenAt }: Omit<Remembered, 'isForgotten'>): void {
    const before = this.#customers.get(id);
    if (before?.version === version) {
      before.runs = runs;
      before.lastSeenAt = lastSeenAt;
      return;
    }
    this.forget(id);
    this.#customers.set(id, { id, version, runs, lastSeenAt, isForgotten: false });
  }

  seen(customerId: string, at: number | null): void {
    const customer = this.#customers.get(customerId);
    if (customer !== undefined) customer.lastSeenAt = at;
  }

  /** Only of customers that are remembered. */
  rememberIdentity({ kind, value, customerId, since }: KnownIdentity): void {
    const holder = this.#customers.get(customerId);
    if (holder !== undefined) this.#identities.set(kind, value, { holder, since });
  }

  /** Before memory grows without end. */
  forgetOldest(): void {
    for (const oldest of this.#customers.keys()) {
      if (this.#customers.size <= most) break;
      this.forget(oldest);
    }
    this.#identities.keepNewest(most);
  }

  forget(customerId: string): void {
    const customer = this.#customers.get(customerId);
    if (customer === undefined) return;
    customer.isForgotten = true;
    this.#customers.delete(customerId);
  }
}
