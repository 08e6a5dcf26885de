import { minorUnits } from '#domain/money.ts';

/** A variant of a product as shops have it; a product here has one offer. */
export interface Variant {
  /** Major units, as texts mostly. */
  price: unknown;
  oldPrice: unknown;
  /** Null: not counted, there is always enough. */
  stock: number | null;
}

const plenty = 1_000_000;

/** The offer for everywhere (shape of `PUT /products`): the cheapest variant that is there, the stock of all. None where no
 *  variant has a price. */
export function offersOf(variants: readonly Variant[], currency: string) {
  const priced = variants.flatMap(({ price, oldPrice, stock }) => {
    const amount = minorUnits(price, currency);
    if (amount === null) return [];
    return [{ amount, old: minorUnits(oldPrice, currency), stock: countOf(stock) }];
  });
  const stock = Math.min(
    plenty,
    priced.reduce((sum, variant) => sum + variant.stock, 0),
  );
  const shown = priced.toSorted((a, b) => Number(b.stock > 0) - Number(a.stock > 0) || a.amount - b.amount)[0];
  if (!shown) return [];
  const { amount, old } = shown;
  const oldPrice = old !== null && old > amount ? { amount: old, currency } : null;
  return [{ price: { amount, currency }, oldPrice, stock }];
}

function countOf(stock: number | null): number {
  if (stock === null) return plenty;
  return Number.isFinite(stock) ? Math.max(0, Math.floor(stock)) : 0;
}
