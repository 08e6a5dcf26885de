import { ApplicationFailure } from '@temporalio/activity';

export type SceneActivities = ReturnType<typeof createSceneActivities>;

/** Fails as told: by a name of its own for every place that calls it. */
export function createSceneActivities() {
  const tried = new Map<string, number>();
  /** How often it was tried before. */
  const next = (name: string): number => {
    const before = tried.get(name) ?? 0;
    tried.set(name, before + 1);
    return before;
  };
  return {
    async flaky(name: string, failures: number): Promise<string> {
      const before = next(name);
      if (before < failures) throw ApplicationFailure.create({ message: 'not yet', type: 'Flaky' });
      return `after ${before}`;
    },
    async refused(): Promise<string> {
      throw ApplicationFailure.nonRetryable('never', 'Refused');
    },
    async comesBackIn(name: string, minutes: number): Promise<string> {
      if (next(name) === 0) throw ApplicationFailure.create({ message: 'later', nextRetryDelay: `${minutes} minutes` });
      return 'came back';
    },
  };
}
