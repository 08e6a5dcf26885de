import type { Published } from '#domain/early-access.ts';
import type { Filters } from '#domain/recommend.ts';

/** Whom something is recommended to. */
export interface Person {
  /** Null: somebody on the site whom nobody knows. */
  customerId: string | null;
  region: string | null;
}

/** A wish as the statements take it. */
export interface Asked extends Person {
  filters: Filters;
  discountedFirst: boolean;
  seed: string;
  about: readonly string[];
  /** `about` and what else is never shown. */
  exclude: readonly string[];
  contact: { runId: string; block: string; iteration: number } | null;
  at: Date;
  /** Early access: what only the registered see now. */
  hidden: Published | null;
  /** Null: whether the customer has a user id or an e-mail. */
  registered: boolean | null;
  /** So many candidates are looked at, */
  window: number;
  /** and so many goods wanted. */
  limit: number;
}
