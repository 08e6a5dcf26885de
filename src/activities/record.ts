import type { Move } from '#db/moves.ts';
import type { Recorded } from '#db/submissions.ts';
import type { DeliverAnswer } from '#domain/journey.ts';
import type { Candidate } from './mind.ts';
import { type Deciding, doneMove, stayMove } from './moves.ts';
import { type FinalResult, recordedOf } from './outcome.ts';
import { cascadeTurn, nextChannel } from './turn.ts';

/** What became of a submission, where the run goes from there, and what its workflow is told. */
export function recording(
  deciding: Deciding,
  candidate: Candidate,
  messageId: string,
  result: FinalResult,
): { recorded: Recorded; move: Move; answer: DeliverAnswer } {
  const { block, message } = candidate;
  const { channel } = deciding.request;
  const recorded = recordedOf(deciding.facts.contact, { messageId, channel }, result);
  const { state, reason } = recorded;
  const story = `\`${block}\` **${message}** ${becameOf[state]} ${channel}${reason === null ? '' : `: ${reason}`}`;
  const move = moveAfter(deciding, candidate, state, story);
  return { recorded, move, answer: move.answer as DeliverAnswer };
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
