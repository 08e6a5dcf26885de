import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { keyHash } from '#db/keys.ts';

export interface Source {
  id: string;
  name: string;
}

type Find = (key: string) => Promise<Source | null>;

/** Wall ms: a revoked key works on for so long, and a new one is refused for no longer than the second. */
const goodForMs = 10_000;
const badForMs = 1_000;
const mostRemembered = 1_000;

/**
 * Whose write key it is, remembered for a short time: an event then costs no query for it. The memory goes by the key's
 * SHA-256, so that how long a look-up takes tells nothing about the keys there are. Rejects where the database cannot be
 * asked.
 */
export function createWriteKeys(find: Find, wall: () => number = Date.now): Find {
  const memory = new Map<string, { source: Source | null; until: number }>();
  return async (key) => {
    const hash = keyHash(key).toString('base64');
    const known = memory.get(hash);
    if (known && known.until > wall()) return known.source;
    const source = await find(key);
    // Guessed keys must not fill the memory.
    if (memory.size >= mostRemembered) memory.clear();
    memory.set(hash, { source, until: wall() + (source === null ? badForMs : goodForMs) });
    return source;
  };
}

/** The user of Basic authentication (its password is empty), or null. */
export function basicUser(authorization: string | undefined): string | null {
  const encoded = /^basic\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const user = text.split(':', 1)[0] ?? '';
  return user === '' ? null : user;
}

interface Answered {
  authorization: string | undefined;
  source: Source | null;
  until: number;
}

/**
 * The same by the request: the write key is the user of Basic authentication, or stands in the body. A client says the same on
 * one connection again and again, so what the connection said last is remembered with it.
 */
export function createRequestKeys(find: Find, wall: () => number = Date.now) {
  const keys = createWriteKeys(find, wall);
  const last = new WeakMap<Socket, Answered>();
  return async ({ socket, headers: { authorization } }: IncomingMessage, inBody: unknown): Promise<Source | null> => {
    const answered = last.get(socket);
    if (answered && answered.authorization === authorization && answered.until > wall()) return answered.source;
    const user = basicUser(authorization);
    const key = user ?? inBody;
    const source = typeof key === 'string' ? await keys(key) : null;
    if (user !== null) last.set(socket, { authorization, source, until: wall() + badForMs });
    return source;
  };
}
