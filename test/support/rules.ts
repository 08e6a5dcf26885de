export { journeyRules } from '#scripts/simulate/promises.ts';
