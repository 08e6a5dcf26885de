import type { ProfileKind } from './journey.ts';

/** What a flush adds to what is known of an interest; merged with the stored row by maxima and sums, so that the order
 *  of arrival does not matter. */
export interface InterestChange {
  customerId: string;
  profile: ProfileKind;
  kind: 'favourite' | 'view' | 'category' | 'waiting';
  ref: string;
  times?: number;
  firstAt?: number;
  lastAt?: number;
  removedAt?: number;
}

export function changeInterest(interest: InterestChange, isRemoval: boolean, at: number): InterestChange {
  if (isRemoval) return { ...interest, removedAt: Math.max(interest.removedAt ?? at, at) };
  return {
    ...interest,
    times: (interest.times ?? 0) + 1,
    firstAt: Math.min(interest.firstAt ?? at, at),
    lastAt: Math.max(interest.lastAt ?? at, at),
  };
}
