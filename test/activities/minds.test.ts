import { expect, test } from 'vitest';
import { minds } from '#activities/minds.ts';
import { contracts, journeyNames } from '#workflows/catalogue.ts';

test.each(journeyNames)('the mind of %s follows its own contract', (name) => {
  expect(minds[name].contract).toBe(contracts[name]);
});
