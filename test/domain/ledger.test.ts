import { expect, test } from 'vitest';
import { countingStates, finalStates, isFinal, leaseMs, messageStates } from '#domain/ledger.ts';
import { minutes } from './wall.ts';

test('what counts for the contact policy: all that went, may go or may have gone', () => {
  expect(countingStates).toEqual(['reserved', 'submitting', 'accepted', 'delivered', 'unknown']);
});

test('failed and dropped messages give their slot back', () => {
  expect(messageStates.filter((state) => !countingStates.some((counting) => counting === state))).toEqual([
    'failed',
    'dropped',
  ]);
});

test('a final answer is not asked for again; one that is under way is', () => {
  expect(messageStates.filter(isFinal)).toEqual([...finalStates]);
  expect(messageStates.filter((state) => !isFinal(state))).toEqual(['reserved', 'submitting']);
});

test('a lease is longer than a submission may take', () => {
  expect(leaseMs).toBeGreaterThan(minutes(1));
});
