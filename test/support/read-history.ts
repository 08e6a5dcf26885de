import type { temporal } from '@temporalio/proto';

type History = temporal.api.history.v1.IHistory;

/**
 * Billable actions of one run (`reference`: Temporal Cloud's price list): its start together with the signal that came with
 * it, each further signal, each timer, each activity and each retry of it, each search-attribute upsert, continue-as-new.
 */
export function billableActions({ events }: History): number {
  const counts = (events ?? []).map((event) => {
    if (event.workflowExecutionStartedEventAttributes) return 1;
    if (event.timerStartedEventAttributes) return 1;
    if (event.activityTaskScheduledEventAttributes) return 1;
    if (event.activityTaskStartedEventAttributes) return (event.activityTaskStartedEventAttributes.attempt ?? 1) - 1;
    if (event.workflowExecutionSignaledEventAttributes) return 1;
    if (event.upsertWorkflowSearchAttributesEventAttributes) return 1;
    if (event.workflowExecutionContinuedAsNewEventAttributes) return 1;
    return 0;
  });
  const withStart = counts.length > 0 ? 1 : 0;
  return counts.reduce((sum, count) => sum + count, 0) - withStart;
}

/** Everything that a history says, payloads decoded, as one text to search in. */
export function historyText({ events }: History): string {
  const decoded = (key: string, value: unknown) =>
    key === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : value;
  return JSON.stringify(events, decoded);
}
