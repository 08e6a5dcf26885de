/** An amount in minor units (kopecks, cents) of an ISO 4217 currency. */
export interface Money {
  amount: number;
  currency: string;
}

const decimals = new Map<string, number>();

/** How many digits a currency has after the point (ISO 4217, from the runtime's own table); 2 for what is no currency. */
function decimalsOf(currency: string): number {
  if (!/^[A-Z]{3}$/.test(currency)) return 2;
  let digits = decimals.get(currency);
  if (digits === undefined) {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency });
    digits = format.resolvedOptions().maximumFractionDigits ?? 2;
    decimals.set(currency, digits);
  }
  return digits;
}

/** Minor units of an amount in major units as shops send it: `1299.9`, `"1299.90"`, `"1 299,90"`. Half a minor unit
 *  rounds up. Null for what is no amount, is negative or does not fit a safe integer. */
export function minorUnits(value: unknown, currency: string): number | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const text = String(value).replace(/\s/g, '').replace(',', '.');
  const match = /^\+?(\d*)(?:\.(\d*))?$/.exec(text);
  const [, whole = '', fraction = ''] = match ?? [];
  if (whole === '' && fraction === '') return null;
  const digits = decimalsOf(currency);
  // On decimal text, not on floats: 1.005 * 100 is 100.49999999999999.
  const minor =
    Number(whole + fraction.slice(0, digits).padEnd(digits, '0')) + (Number(fraction[digits] ?? 0) >= 5 ? 1 : 0);
  return Number.isSafeInteger(minor) ? minor : null;
}
