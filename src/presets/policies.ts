import type { PolicyRule, PolicySettings } from '#domain/policy.ts';

const everything = { channels: [], classes: [], unit: 'message' } satisfies Partial<PolicyRule>;

/** At most so many a day on the customer's calendar. */
export const aDay = (max: number): PolicyRule => ({
  ...everything,
  name: `${max}-a-day`,
  max,
  window: 'P1D',
  clock: 'calendar',
});

/** At most so many in any seven days. */
export const inSevenDays = (max: number): PolicyRule => ({
  ...everything,
  name: `${max}-in-7-days`,
  max,
  window: 'P7D',
  clock: 'rolling',
});

export const rules = (...list: PolicyRule[]): PolicySettings => ({ rules: list, sale: null, bulkAlone: null });
