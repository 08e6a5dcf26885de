import { teller as reservation } from './reservation/teller.ts';
import type { Teller } from './teller.ts';

/** Journeys whose runs have many customers, by name. */
export const tellers: Readonly<Record<string, Teller>> = { reservation };
