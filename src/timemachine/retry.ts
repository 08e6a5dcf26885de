import { type ActivityCommand, type Failure, millis, retryStates } from './sdk.ts';

/** What follows a failed attempt: another one so many milliseconds later, or none, and why. */
export type Verdict = { after: number } | { state: number };

export interface Attempt {
  /** Counts from 1. */
  attempt: number;
  /** Virtual epoch ms: when the activity was scheduled, and now. */
  scheduledAt: number;
  now: number;
  cancelRequested: boolean;
}

/** Temporal's defaults, where a policy does not say. */
const defaults = { initialMs: 1_000, coefficient: 2, mostTimesInitial: 100 };

/** As the server judges a failed attempt (`service/history/workflow/retry.go`). */
export function retryOf(
  { retryPolicy, scheduleToCloseTimeout }: ActivityCommand,
  failure: Failure,
  at: Attempt,
): Verdict {
  const known = failure.applicationFailureInfo;
  if (known?.nonRetryable || isListed(retryPolicy?.nonRetryableErrorTypes, known?.type))
    return { state: retryStates.nonRetryable };
  if (at.cancelRequested) return { state: retryStates.cancelRequested };
  const most = retryPolicy?.maximumAttempts ?? 0;
  if (most > 0 && at.attempt >= most) return { state: retryStates.attemptsReached };
  const initial = millis(retryPolicy?.initialInterval) || defaults.initialMs;
  const longest = millis(retryPolicy?.maximumInterval) || initial * defaults.mostTimesInitial;
  const coefficient = retryPolicy?.backoffCoefficient || defaults.coefficient;
  const after = millis(known?.nextRetryDelay) ?? Math.min(initial * coefficient ** (at.attempt - 1), longest);
  const limit = millis(scheduleToCloseTimeout);
  if (limit && at.now + after > at.scheduledAt + limit) return { state: retryStates.timeout };
  return { after };
}

function isListed(types: string[] | null | undefined, type: string | null | undefined): boolean {
  return type != null && (types?.includes(type) ?? false);
}
