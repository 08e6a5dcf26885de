import { minorUnits } from '#domain/money.ts';
import type { Properties } from '#domain/shapes.ts';
import type { Places } from './mapping.ts';
import type { Flaw } from './pieces.ts';

/** A cell cannot be read as what its column says. */
export class BadCell extends Error {
  readonly flaw: Flaw;
  constructor(field: string, reason: string) {
    super(reason);
    this.flaw = { field, reason };
  }
}

/** The cells of one line, read as what they say. Each throws BadCell. */
export class Cells {
  readonly #places: Places;
  readonly #row: readonly string[];
  readonly #currency: string;
  readonly #instant: (text: string) => number | null;

  constructor(places: Places, row: readonly string[], how: { currency: string; instant(text: string): number | null }) {
    this.#places = places;
    this.#row = row;
    this.#currency = how.currency;
    this.#instant = how.instant;
  }

  /** Undefined where there is no such column, or nothing in it. */
  text(what: string): string | undefined {
    const place = this.#places.columns.get(what)?.place;
    const cell = place === undefined ? '' : (this.#row[place]?.trim() ?? '');
    return cell === '' ? undefined : cell;
  }

  needed(what: string): string {
    const cell = this.text(what);
    if (cell === undefined) throw this.#bad(what, 'is empty');
    return cell;
  }

  money(what: string): { amount: number; currency: string } | undefined {
    const cell = this.text(what);
    if (cell === undefined) return undefined;
    const amount = minorUnits(cell, this.#currency);
    if (amount === null) throw this.#bad(what, 'is no amount: write 1299.90 or 1 299,90, and nothing below 0');
    return { amount, currency: this.#currency };
  }

  /** ISO 8601. */
  instant(what: string): string | undefined {
    const cell = this.text(what);
    if (cell === undefined) return undefined;
    const at = this.#instant(cell);
    if (at === null) throw this.#bad(what, 'is no date as `dateFormat` of the mapping says');
    return new Date(at).toISOString();
  }

  number(what: string): number | undefined {
    const cell = this.text(what);
    return cell === undefined ? undefined : this.#number(cell, this.#name(what));
  }

  /** One of `words`, whatever its case. */
  word(what: string, words: Readonly<Record<string, string>>): string | undefined {
    const cell = this.text(what);
    if (cell === undefined) return undefined;
    const found = Object.entries(words).find(([word]) => word.toLowerCase() === cell.toLowerCase())?.[1];
    if (found === undefined) throw this.#bad(what, `must be one of ${Object.keys(words).join(', ')}`);
    return found;
  }

  /** Traits or attributes: columns that say something. */
  rest(): Properties {
    const said = this.#places.rest.flatMap(({ to, place, name, as }) => {
      const cell = this.#row[place]?.trim() ?? '';
      return cell === '' ? [] : [[to, this.#as(as, cell, name)] as const];
    });
    return Object.fromEntries(said);
  }

  #as(as: 'text' | 'number' | 'boolean', cell: string, name: string): unknown {
    if (as === 'text') return cell;
    if (as === 'number') return this.#number(cell, name);
    const isTrue = yes.has(cell.toLowerCase());
    if (!isTrue && !no.has(cell.toLowerCase())) throw new BadCell(name, 'is neither yes nor no');
    return isTrue;
  }

  #number(cell: string, name: string): number {
    const number = Number(cell.replace(/\s/g, '').replace(',', '.'));
    if (!Number.isFinite(number)) throw new BadCell(name, 'is no number');
    return number;
  }

  #name(what: string): string {
    return this.#places.columns.get(what)?.name ?? what;
  }

  #bad(what: string, reason: string): BadCell {
    return new BadCell(this.#name(what), reason);
  }

  flaw(what: string, reason: string): BadCell {
    return this.#bad(what, reason);
  }
}

const yes = new Set(['yes', 'true', '1', 'да', 'y', '+']);
const no = new Set(['no', 'false', '0', 'нет', 'n', '-']);

/** What a yes and a no to advertising are written as. */
export const consentWords: Readonly<Record<string, 'granted' | 'denied'>> = {
  granted: 'granted',
  denied: 'denied',
  ...Object.fromEntries([...yes].map((word) => [word, 'granted' as const])),
  ...Object.fromEntries([...no].map((word) => [word, 'denied' as const])),
};
