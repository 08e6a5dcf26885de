import {
  type Branch,
  type Choice,
  choose,
  type IntentSettings,
  inBranch,
  type Progress,
  type Spoken,
  startOfRun,
  stepDone,
} from '#domain/intent.ts';
import { type Scene, now as start, trailOf } from './scenes.ts';
import { days } from './wall.ts';

type Sent = Extract<Choice<string>, { do: 'send' }> & {
  at: number;
  scene: Scene;
  lastActivityAt: number;
  /** Branches that the run had left by then. */
  closed: Branch[];
  /** Whether the run had spoken, or turned to a branch, before. */
  wasUnderway: boolean;
};

export interface Walk {
  sent: Sent[];
  why: 'completed' | 'nothing_left';
  /** The last scene that it saw, and the branches that it had left by then. */
  scene: Scene;
  closed: Branch[];
}

/** Lives through a run as the worker does: asks, waits, sends. Each time it wakes, the next scene is found; the last
 *  one stays as it is, and time goes on. */
export function walk<Message extends string>(
  settings: IntentSettings<Message>,
  scenes: readonly [Scene, ...Scene[]],
  spoken: Spoken = {},
): Walk {
  const sent: Sent[] = [];
  const rest = [...scenes];
  let scene = scenes[0];
  let now = start;
  let progress: Progress = startOfRun;
  let trail = trailOf(scene, now);
  for (let asks = 0; asks < 1000; asks += 1) {
    const choice = choose<Message>({
      trail,
      progress,
      spoken,
      settings,
      since: start - days(1),
      now,
      waitEnd: (from, ms) => from + ms,
    });
    if (choice.do === 'nothing') return { sent, why: choice.why, scene, closed: progress.closed };
    const wasUnderway = progress.branch !== null;
    if (choice.do === 'wait') {
      // Before the first message nothing is decided yet.
      if (wasUnderway)
        progress = { ...inBranch(progress, choice.intent.branch), due: { block: choice.block, at: choice.until } };
      now = choice.until;
      rest.shift();
      if (rest[0] !== undefined) {
        scene = rest[0];
        trail = trailOf(scene, now);
      }
      continue;
    }
    progress = inBranch(progress, choice.intent.branch);
    sent.push({
      ...choice,
      at: now,
      scene,
      lastActivityAt: trail.lastActivityAt ?? 0,
      closed: progress.closed,
      wasUnderway,
    });
    progress = stepDone(progress, now);
  }
  throw new Error('the run never ends');
}
