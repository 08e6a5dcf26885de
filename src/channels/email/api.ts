import type { Channel, OutgoingMessage, SubmitResult } from '#channels/channel.ts';
import type { Answered, Reply } from '#channels/http/call.ts';
import { byStatus, later } from '#channels/http/outcome.ts';
import { badAddress, isOneAddress, type Letter, toLetter } from './message.ts';

/** What a provider's API came to for one letter: its id there, or why there is none. */
export type Posted = { id: string } | Unsent;

export interface Unsent {
  reply: Reply;
  /** The provider's words, without addresses. */
  words: string;
  /** They say that the recipient's address is none. */
  isBadAddress: boolean;
}

/** A channel over a provider's HTTP API. `post` fails of nothing that a provider does. */
export function apiChannel(provider: string, post: (letter: Letter) => Promise<Posted | SubmitResult>): Channel {
  async function submit(message: OutgoingMessage): Promise<SubmitResult> {
    if (!isOneAddress(message.to)) return badAddress;
    const posted = await post(toLetter(message));
    if ('result' in posted) return posted;
    return 'id' in posted ? { result: 'accepted', providerId: posted.id } : outcomeOf(posted);
  }
  return { name: 'email', provider, submit, close: async () => {} };
}

/** Where all that may have been taken is: unknown. 503 says that the request was not even looked at (RFC 9110, 15.6.4); another
 *  5xx may come of a letter that was taken. */
export function outcomeOf({ reply, words, isBadAddress }: Unsent): SubmitResult {
  if (reply.got === 'none') return byStatus(reply, reply.reason);
  const { status, retryAfterMs } = reply;
  const reason = words === '' ? `answer ${status}` : `answer ${status}: ${words}`;
  if (status < 300) return { result: 'unknown', reason: `${reason}, cut off` };
  if (status === 503) return later(reason, retryAfterMs);
  if (isBadAddress) return { result: 'refused', reason, suppress: 'bounced' };
  return byStatus(reply, reason);
}

/** An answer whose body a client has read already. */
export function answered(status: number, retryAfterMs: number | null): Answered {
  return { got: 'answer', status, retryAfterMs, location: null, headers: {}, body: undefined };
}

/** The origin of a provider's API: `?api=` names another, a region or a test. */
export function originOf(url: URL, usual: string): URL {
  return URL.parse(url.searchParams.get('api') ?? usual) ?? new URL(usual);
}

/** A part of the address, as it was before it was percent-encoded. */
export function part(url: URL, name: 'hostname' | 'username' | 'password'): string {
  return decodeURIComponent(url[name]);
}

/** Ends after `timeLimit` wall milliseconds whatever a client does: it may have sent the letter by then. */
export async function within<T>(timeLimit: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DOMException('the time limit has passed', 'TimeoutError')), timeLimit);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
