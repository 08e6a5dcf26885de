import fc from 'fast-check';
import { expect, test } from 'vitest';
import { branches, type IntentSettings } from '#domain/intent.ts';
import { anyScene, anySettings, truths } from './scenes.ts';
import { type Walk, walk } from './walk.ts';

const scenes = fc.tuple(anyScene, fc.array(anyScene, { maxLength: 12 })).map(([one, more]) => [one, ...more] as const);

/** Whatever the settings, and whatever the customer does between two looks. */
function forAllRuns(check: (run: Walk, settings: IntentSettings<string>) => void): void {
  fc.assert(
    fc.property(anySettings, scenes, (settings, lived) => check(walk(settings, lived), settings)),
    { numRuns: 500 },
  );
}

test('a run ends, and sends each step once at most', () => {
  forAllRuns(({ sent }, settings) => {
    const sentBlocks = sent.map(({ block }) => block);
    const steps = branches.flatMap((name) => settings.branches[name].steps.map((_, index) => `${name}-${index + 1}`));
    expect(steps).toEqual(expect.arrayContaining(sentBlocks));
    expect(new Set(sentBlocks).size).toBe(sentBlocks.length);
  });
});

test('a run speaks of the strongest intent that is true, and of nothing that is gone or bought', () => {
  forAllRuns(({ sent }, settings) => {
    for (const { intent, scene, closed } of sent) {
      const open = truths(scene, settings).filter(
        (one) => !closed.includes(one) && settings.branches[one].steps.length > 0,
      );
      expect(intent.branch).toBe(open[0]);
    }
  });
});

test('a run that has nothing left to say has completed its branch, or nothing is true any more', () => {
  forAllRuns(({ sent, why, scene, closed }, settings) => {
    const last = sent.at(-1)?.intent.branch;
    const open = truths(scene, settings).filter(
      (one) => !closed.includes(one) && settings.branches[one].steps.length > 0,
    );
    if (why === 'nothing_left') expect(open).toEqual([]);
    else expect(sent.at(-1)?.block).toBe(`${last}-${last && settings.branches[last].steps.length}`);
  });
});

test('a run turns to a weaker intent only from a branch that it had not completed', () => {
  forAllRuns(({ sent }, settings) => {
    for (const [index, { intent }] of sent.entries()) {
      const before = sent[index - 1];
      if (before === undefined || branches.indexOf(intent.branch) <= branches.indexOf(before.intent.branch)) continue;
      const steps = settings.branches[before.intent.branch].steps.length;
      expect(before.block).not.toBe(`${before.intent.branch}-${steps}`);
    }
  });
});

test('nobody is written to while browsing, nor before a step is due', () => {
  forAllRuns(({ sent }, settings) => {
    for (const [index, { intent, block, at, lastActivityAt }] of sent.entries()) {
      const { steps, idleMs } = settings.branches[intent.branch];
      expect(at).toBeGreaterThanOrEqual(lastActivityAt + idleMs);
      const before = sent[index - 1];
      if (before?.intent.branch !== intent.branch) continue;
      const step = steps.findIndex((_, position) => block === `${intent.branch}-${position + 1}`);
      expect(at).toBeGreaterThanOrEqual(before.at + (steps[step]?.afterMs ?? 0));
    }
  });
});

test('a message that a run on its way comes to in time is not late, however long nobody has been there', () => {
  forAllRuns(({ sent }) => {
    for (const {
      at,
      upcoming: { firstDue },
      wasUnderway,
    } of sent) {
      if (wasUnderway) expect(firstDue).toBe(at);
      else expect(firstDue).toBeLessThanOrEqual(at);
    }
  });
});
