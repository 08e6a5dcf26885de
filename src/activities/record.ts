import type { SubmitResult } from '#channels/channel.ts';
import type { Db, Trx } from '#db/connect.ts';
import { type Recorded, recordSubmission } from '#db/submissions.ts';
import type { DeliverAnswer } from '#domain/journey.ts';
import type { Candidate } from './mind.ts';
import { type Deciding, doneMove, stayMove } from './moves.ts';
import { recordedOf, tryLater } from './outcome.ts';
import { cascadeTurn, nextChannel } from './turn.ts';

/** Writes what became of a submission, and where the run goes from there. A provider that surely has not taken the
 *  message is asked again: the activity fails with the provider's delay, and its next attempt decides anew. */
export async function record(
  db: Db | Trx,
  deciding: Deciding,
  candidate: Candidate,
  messageId: string,
  result: SubmitResult,
): Promise<DeliverAnswer> {
  const { block, message } = candidate;
  const { channel } = deciding.request;
  const of = { messageId, channel };
  if (result.result === 'later') return tryLater(db, of, result);
  const recorded = recordedOf(deciding.facts.contact, of, result);
  const { state, reason } = recorded;
  const story = `\`${block}\` **${message}** ${becameOf[state]} ${channel}${reason === null ? '' : `: ${reason}`}`;
  const move = moveAfter(deciding, candidate, state, story);
  await recordSubmission(db, recorded, move);
  return move.answer as DeliverAnswer;
}

/** The next channel of the cascade, at its time or at once; else the next step. */
function moveAfter(deciding: Deciding, candidate: Candidate, state: Recorded['state'], story: string) {
  const { channel } = deciding.request;
  const news = { channel, state, at: deciding.now.getTime(), openedBy: null, clicked: false };
  const { turn } = cascadeTurn(deciding, candidate, news);
  if (turn.do === 'end') return doneMove(deciding, candidate, state === 'accepted' ? null : state, story);
  return stayMove(deciding, candidate, story, nextChannel(deciding, candidate, turn));
}

/** A submission's end as a run's story in Temporal UI tells it, before the channel's name. */
const becameOf: Record<Recorded['state'], string> = {
  accepted: 'accepted by',
  failed: 'refused by',
  unknown: 'may have been sent by',
};
