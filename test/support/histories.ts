import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { namesIn } from '#scripts/lib/files.ts';

const folder = join(import.meta.dirname, '../histories');

export interface RecordedHistory {
  journey: string;
  name: string;
  /** As Temporal's command line prints it: what replay takes. */
  history: { events: HistoryEvent[] };
}

export interface HistoryEvent {
  eventType: string;
  activityTaskScheduledEventAttributes?: { activityType: { name: string } };
}

/** Keeps the history of a run in test/histories/<journey>/<name>.json. */
export async function keepHistory(
  environment: TestWorkflowEnvironment,
  workflowId: string,
  name: string,
): Promise<void> {
  const [journey = ''] = workflowId.split(':');
  const history = await environment.client.workflow.getHandle(workflowId).fetchHistory();
  await mkdir(join(folder, journey), { recursive: true });
  await writeFile(join(folder, journey, `${name}.json`), `${anonymous(historyToJSON(history))}\n`);
}

/** Clients and workers sign with process id and host, which is nobody's business. */
function anonymous(history: string): string {
  return history.replaceAll(/"\d+@[^"]+"/g, '"somebody"');
}

export async function recordedHistories(): Promise<RecordedHistory[]> {
  const recorded: RecordedHistory[] = [];
  for (const journey of await namesIn(folder))
    for (const file of await namesIn(join(folder, journey))) {
      const history = JSON.parse(await readFile(join(folder, journey, file), 'utf8'));
      recorded.push({ journey, name: file.replace(/\.json$/, ''), history });
    }
  return recorded;
}
