import { ApplicationFailure } from '@temporalio/activity';
import type { SubmitResult } from '#channels/channel.ts';
import type { Db, Trx } from '#db/connect.ts';
import { giveBack, type Recorded, recordSubmission } from '#db/runs.ts';
import type { DeliverAnswer } from '#domain/journey.ts';
import { reachOf } from '#domain/reach.ts';
import { type Attempt, type Deciding, doneMove, nextAfter } from './moves.ts';

/** Writes what became of a submission, and where the run goes from there. A provider that surely has not taken the
 *  message is asked again: the activity fails with the provider's delay, and its next attempt decides anew. */
export async function record(
  db: Db | Trx,
  deciding: Deciding,
  attempt: Attempt & { messageId: string },
  result: SubmitResult,
): Promise<DeliverAnswer> {
  const { messageId, block, message } = attempt;
  const { channel } = deciding.request;
  if (result.result === 'later') {
    await giveBack(db, messageId, result.reason);
    throw ApplicationFailure.create({
      type: 'ProviderUnavailable',
      message: `${channel} cannot take message ${messageId} now: ${result.reason}`,
      ...(result.retryAfterMs === null ? {} : { nextRetryDelay: result.retryAfterMs }),
    });
  }
  const recorded = recordedOf(deciding, messageId, result);
  const { state, reason } = recorded;
  const story = `\`${block}\` **${message}** ${becameOf[state]} ${channel}${reason === null ? '' : `: ${reason}`}`;
  const answer = { story, next: nextAfter(deciding, attempt) };
  await recordSubmission(db, recorded, doneMove(deciding, attempt, state === 'accepted' ? null : state, answer));
  return answer;
}

/** A submission's end as a run's story in Temporal UI tells it, before the channel's name. */
const becameOf: Record<Recorded['state'], string> = {
  accepted: 'accepted by',
  failed: 'refused by',
  unknown: 'may have been sent by',
};

type Final = Exclude<SubmitResult, { result: 'later' }>;

function recordedOf({ facts, request }: Deciding, messageId: string, result: Final): Recorded {
  const { address } = reachOf(facts.contact, request.channel);
  switch (result.result) {
    case 'accepted':
      return { messageId, state: 'accepted', providerId: result.providerId, reason: null, suppress: null };
    case 'unknown':
      return { messageId, state: 'unknown', providerId: null, reason: result.reason, suppress: null };
    case 'refused': {
      const { suppress: why, reason } = result;
      const suppress = why === null || address === null ? null : { channel: request.channel, address, reason: why };
      return { messageId, state: 'failed', providerId: null, reason, suppress };
    }
  }
}
