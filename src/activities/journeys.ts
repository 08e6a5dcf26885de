import type {
  DeliverAnswer,
  DeliverRequest,
  EnterAnswer,
  Entry,
  FinishAnswer,
  FinishRequest,
} from '#domain/journey.ts';
import type { LookAnswer, LookRequest } from '#domain/queue-run.ts';
import type { TellAnswer, TellRequest } from '#domain/telling.ts';

/** What workflows may call. Each is idempotent: asked again after a crash, it gives the answer of the first time. */
export interface JourneyActivities {
  enter(entry: Entry): Promise<EnterAnswer>;
  deliver(request: DeliverRequest): Promise<DeliverAnswer>;
  finish(request: FinishRequest): Promise<FinishAnswer>;
}

/** Of runs that are an item's or a campaign's, and have many customers. */
export interface SharedRunActivities {
  tell(request: TellRequest): Promise<TellAnswer>;
  lookAtQueue(request: LookRequest): Promise<LookAnswer>;
}
