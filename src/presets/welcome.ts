import type { Schemas } from './preset.ts';

const people = ['how-it-works', 'first-order', 'originals', 'try-on', 'novelties', 'how-to-order'] as const;
const companies = [
  'company-papers',
  'company-range',
  'company-delivery',
  'company-manager',
  'company-lists',
  'company-terms',
] as const;

type Branches = NonNullable<Schemas['welcome']['_zod']['input']['branches']>;
type Step = NonNullable<Branches['b2c']>[number];

/** The series at another pace than one a day: as the shop's contact policy lets it through (J2). */
export function welcomeEvery(after: string): Branches {
  return { b2c: inOrder(people, after), b2b: inOrder(companies, after) };
}

export function inOrder(messages: readonly Step['message'][], after: string): Step[] {
  return messages.map((message, index) => ({ message, after: index === 0 ? 'PT0S' : after }));
}
