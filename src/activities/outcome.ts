import { ApplicationFailure } from '@temporalio/activity';
import type { SubmitResult } from '#channels/channel.ts';
import type { Db, Trx } from '#db/connect.ts';
import { giveBack, type Recorded } from '#db/submissions.ts';
import type { ChannelName } from '#domain/journey.ts';
import { type Contactability, reachOf } from '#domain/reach.ts';

/** A channel's last word on a message, but for what it told of devices. */
export type FinalResult = Exclude<SubmitResult, { result: 'later' }>;

/** The provider surely has not taken the message: its row goes back, and the activity fails with the provider's delay, so that
 *  its next attempt decides anew. */
export async function tryLater(
  db: Db | Trx,
  { messageId, channel }: { messageId: string; channel: ChannelName },
  { reason, retryAfterMs }: Extract<SubmitResult, { result: 'later' }>,
): Promise<never> {
  await giveBack(db, messageId, reason);
  throw ApplicationFailure.create({
    type: 'ProviderUnavailable',
    message: `${channel} cannot take message ${messageId} now: ${reason}`,
    ...(retryAfterMs === null ? {} : { nextRetryDelay: retryAfterMs }),
  });
}

/** What is written of it. */
export function recordedOf(
  contact: Contactability,
  { messageId, channel }: { messageId: string; channel: ChannelName },
  result: FinalResult,
): Recorded {
  const { address } = reachOf(contact, channel);
  const gone = result.gone?.length ? { channel, addresses: result.gone } : null;
  const nothing = { messageId, providerId: null, reason: null, suppress: null, gone };
  switch (result.result) {
    case 'accepted':
      return { ...nothing, state: 'accepted', providerId: result.providerId };
    case 'unknown':
      return { ...nothing, state: 'unknown', reason: result.reason };
    case 'refused': {
      const { suppress: why, reason } = result;
      const suppress = why === null || address === null ? null : { channel, address, reason: why };
      return { ...nothing, state: 'failed', reason, suppress };
    }
  }
}
