import { expect, test } from 'vitest';
import type { Contract } from '#domain/journey.ts';
import { routeEvents } from '#domain/routing.ts';

const journey = (name: string, startsOn: string[], goalOn: string[]): Contract => ({
  name,
  title: name,
  class: 'lifecycle',
  topic: 'advice',
  key: 'none',
  startsOn,
  goalOn,
  reentry: { overlap: 'none', once: false },
  blocks: {},
  messages: {},
});

test('an event reaches every journey that names it, as a start, a goal or both', () => {
  const routing = routeEvents([
    journey('welcome', ['Signed Up'], ['Order Completed']),
    journey('lifecycle', ['Order Completed'], ['Order Completed']),
  ]);
  expect(routing).toEqual({
    'Signed Up': [{ journey: 'welcome', key: 'none', signal: 'start' }],
    'Order Completed': [
      { journey: 'welcome', key: 'none', signal: 'goal' },
      { journey: 'lifecycle', key: 'none', signal: 'start' },
      { journey: 'lifecycle', key: 'none', signal: 'goal' },
    ],
  });
});
