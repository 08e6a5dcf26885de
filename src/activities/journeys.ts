import type {
  DeliverAnswer,
  DeliverRequest,
  EnterAnswer,
  Entry,
  FinishAnswer,
  FinishRequest,
} from '#domain/journey.ts';

/** What workflows may call. Each is idempotent: asked again after a crash, it gives the answer of the first time. */
export interface JourneyActivities {
  enter(entry: Entry): Promise<EnterAnswer>;
  deliver(request: DeliverRequest): Promise<DeliverAnswer>;
  finish(request: FinishRequest): Promise<FinishAnswer>;
}
