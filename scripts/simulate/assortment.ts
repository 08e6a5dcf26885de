import type { AssortmentName } from '#simulator/assortments.ts';

const sold: Readonly<Record<string, AssortmentName>> = {
  'second-friend-store': 'resale',
  dnk: 'cosmetics',
  komus: 'office',
};

/** What the simulated shop sells that is played with a preset: what its retailer does, where we know how such a shop lives. */
export function assortmentFor(preset: string): AssortmentName {
  return (Object.hasOwn(sold, preset) && sold[preset]) || 'household';
}
