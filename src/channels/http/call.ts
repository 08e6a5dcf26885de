import { exactJson } from './exact-json.ts';

/** One request to a provider. `timeLimit`: wall milliseconds for all of it, the answer's body included. */
export interface Call {
  url: string;
  method: 'GET' | 'POST';
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array<ArrayBuffer> | null;
  timeLimit: number;
}

/** What came of it. `none`: no answer; `sent` tells whether the provider may have got the request all the same. */
export type Reply = Answered | { got: 'none'; sent: boolean; reason: string };

export interface Answered {
  got: 'answer';
  status: number;
  retryAfterMs: number | null;
  /** Where the provider keeps what was made. */
  location: string | null;
  /** By their names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** JSON as it is meant, else the text; undefined where it never came whole. */
  body: unknown;
}

/** Well below the lease of a row that is being submitted (90 s). */
export const usualTimeLimit = 45_000;

/** An answer that is longer says nothing to us. Bytes. */
const longestAnswer = 256 * 1024;

/** Asks a provider once. Redirects are not followed: a message must go to nobody but whom we know. */
export async function call({ url, method, headers, body, timeLimit }: Call): Promise<Reply> {
  const signal = AbortSignal.timeout(timeLimit);
  let response: Response;
  try {
    response = await fetch(url, { method, headers, body, signal, redirect: 'manual' });
  } catch (error) {
    return unanswered(error);
  }
  const { status } = response;
  const retryAfterMs = retryAfter(response.headers.get('retry-after'), Date.now());
  const location = response.headers.get('location');
  const text = await read(response);
  return {
    got: 'answer',
    status,
    retryAfterMs,
    location,
    headers: Object.fromEntries(response.headers),
    body: text === undefined ? undefined : (exactJson(text) ?? text),
  };
}

/** What a request came to that failed of an error: of fetch, of Node's own http, or of a library on either. */
export function unanswered(error: unknown): Reply {
  const code = codeOf(error);
  return { got: 'none', sent: !neverSent.test(code), reason: `no answer: ${code}` };
}

/** Undefined where the connection ended, or the time, before the answer did. */
async function read({ body }: Response): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of body ?? []) {
      parts.push(part);
      length += part.length;
      if (length > longestAnswer) return undefined;
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(parts).toString();
}

/** No connection ever came about, so nothing went over it. */
const neverSent =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_\w+|ERR_TLS_\w+|ERR_SSL_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;

/** The code of what fetch failed of: messages of such errors quote what they were given. */
function codeOf(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause) {
    const code: unknown = Reflect.get(one, 'code');
    if (typeof code === 'string') return code;
    if (one.name === 'TimeoutError') return 'the time limit has passed';
  }
  return 'the connection failed';
}

/** RFC 9110, 10.2.3: seconds, or a date. */
export function retryAfter(value: string | null, wallNow: number): number | null {
  if (value === null) return null;
  const ms = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - wallNow;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 1000), 24 * 3_600_000) : null;
}
