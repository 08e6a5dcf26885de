import type { AssortmentName } from '#simulator/goods.ts';

/** What the simulated shop sells that is played with a preset: one that has each thing once, where that is the retailer's trade. */
export function assortmentFor(preset: string): AssortmentName {
  return preset === 'second-friend-store' ? 'resale' : 'household';
}
