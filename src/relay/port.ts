import type { Entry, Notice } from '#domain/journey.ts';

/** What a journey is started with, if it does not run yet. `workflowId` comes from `#domain/ids.ts`. */
export interface RunStart {
  workflowId: string;
  entry: Entry;
}

export interface JourneyStart extends RunStart {
  notice: Notice;
}

export interface RunDescription {
  workflowId: string;
  runId: string;
  journey: string;
  state: 'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed_out' | 'continued' | 'unknown';
  startedAt: Date;
  closedAt: Date | null;
}

/** The way to running journeys, filled by Temporal's client and by a virtual clock in process. Every method throws
 *  `JourneysUnavailable` or `RequestRefused` when it cannot tell. */
export interface JourneyPort {
  /** Tells the journey, starting it where none runs. Resolves when that is durable. */
  signalWithStart(start: JourneyStart): Promise<void>;
  /** False where nothing runs by that id. */
  signal(workflowId: string, notice: Notice): Promise<boolean>;
  /** Asks the journey to do something and waits for what its handler answers, starting it where none runs. What validator or
   *  handler refuse is a `RequestRefused`. */
  updateWithStart<T>(start: RunStart, name: string, ...args: unknown[]): Promise<T>;
  /** Null where nothing by that id is known. */
  query<T>(workflowId: string, name: string, ...args: unknown[]): Promise<T | null>;
  describe(workflowId: string): Promise<RunDescription | null>;
  /** The run ends itself, its outcome recorded. False where nothing runs by that id. */
  cancel(workflowId: string): Promise<boolean>;
  /** Ends a run at once, for one that cannot end itself. False where nothing runs by that id. */
  terminate(workflowId: string, reason: string): Promise<boolean>;
}

/** No answer, or one that is no fault of the request: the same request may well succeed later. */
export class JourneysUnavailable extends Error {
  override name = 'JourneysUnavailable';
}

/** The request as it is will never be taken: something has to be changed first. */
export class RequestRefused extends Error {
  override name = 'RequestRefused';
}
