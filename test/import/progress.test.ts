import { expect, test } from 'vitest';
import { Progress } from '#scripts/import/progress.ts';

/** How far an import is, and how long it may take yet. */

function progress(isTerminal: boolean, after = 0) {
  const told: string[] = [];
  const began = performance.now();
  const one = new Progress(1_000, after, { write: (text) => void told.push(text), isTerminal });
  return { told, is: (line: number, seconds: number) => one.is(line, 2, began + seconds * 1000) };
}

test('on a terminal a line is written over, once a second; the rest takes as long a line as the last half minute', () => {
  const { told, is } = progress(true);
  is(50, 0.5);
  expect(told).toEqual([]);
  is(100, 10);
  is(500, 50);
  expect(told.map((text) => text.replace('\r\x1b[K', ''))).toEqual([
    '[##..................] 10 % · line 100 of 1000 · 2 refused · about 90 s left',
    '[##########..........] 50 % · line 500 of 1000 · 2 refused · about 50 s left',
  ]);
});

test('elsewhere it is a line now and then; what was in before takes no time', () => {
  const { told, is } = progress(false, 800);
  is(810, 2);
  is(850, 10);
  expect(told).toEqual(['[#################...] 85 % · line 850 of 1000 · 2 refused · about 30 s left\n']);
});
