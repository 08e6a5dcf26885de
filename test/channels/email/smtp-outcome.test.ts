import { expect, test } from 'vitest';
import { outcomeOf } from '#channels/email/smtp/outcome.ts';

test('an endless answer of a server costs no time, and the address in it is taken out', () => {
  const response = `450 4.7.1 <anna@example.com> ${'x'.repeat(300_000)}`;
  const began = performance.now();
  const outcome = outcomeOf(Object.assign(new Error('refused'), { responseCode: 450, response }), { content: 'none' });
  expect(performance.now() - began).toBeLessThan(500);
  expect(outcome).toMatchObject({ result: 'later', reason: expect.stringContaining('450 4.7.1 [address] xxx') });
});
