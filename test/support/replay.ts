import { join } from 'node:path';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import type { RecordedHistory } from './histories.ts';

/** What workers say of histories that are meant to fail would only look like accidents. To be called before anything else is. */
export function quietly(): void {
  const logging = { filter: makeTelemetryFilterString({ core: 'ERROR' }) };
  Runtime.install({ logger: new DefaultLogger('ERROR', () => {}), telemetryOptions: { logging } });
}

/** Errors of replaying histories through workflows, by name of the history; undefined: it replays. */
export async function replay(
  workflowBundle: WorkflowBundleOption,
  histories: readonly RecordedHistory[],
): Promise<Record<string, Error | undefined>> {
  const named = histories.map(({ name, history }) => ({ workflowId: name, history }));
  const errors: Record<string, Error | undefined> = {};
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, named))
    errors[workflowId] = error;
  return errors;
}

/** The same history, except that the last activity it asked for was another one. */
export function tampered({ name, journey, history }: RecordedHistory): RecordedHistory {
  const events = structuredClone(history.events);
  const scheduled = events.findLast((event) => event.activityTaskScheduledEventAttributes !== undefined);
  if (scheduled?.activityTaskScheduledEventAttributes)
    scheduled.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
  return { journey, name: `tampered ${name}`, history: { events } };
}

/** Workflows of another version: a file of `test/workflows/versions`. */
export async function versionOf(file: string): Promise<WorkflowBundleOption> {
  const workflowsPath = join(import.meta.dirname, '../workflows/versions', file);
  return bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
}
