import { isbot } from 'isbot';

/** Who loaded a picture or followed a link: a person, a program, or nobody can say. */
export type Visitor = 'human' | 'machine' | 'unknown';

export interface Visit {
  method: string;
  userAgent: string | undefined;
  /** Wall milliseconds since the provider took the message; it may not have answered us yet, then since we sent it. */
  sinceSentMs: number;
}

/** A letter that was only just handed over has not been read: filters of the receiving side look at it first. */
const tooFastMs = 2_000;

/** These fetch a picture when a person opens the letter; `isbot` takes them for crawlers, as their names suggest. */
const imageProxies = /GoogleImageProxy|YahooMailProxy/;

/** Mail programs that `isbot` does not know: it is a hint only. */
const mailPrograms = /^(?:Outlook-Android|ru\.mail\.mailapp|eM Client)\b/;

/** Null: no open at all (`HEAD`). A machine's open stops no fallback and counts for no rate. */
export function classifyOpen(visit: Visit): Visitor | null {
  const { method, userAgent, sinceSentMs } = visit;
  if (method !== 'GET') return null;
  if (sinceSentMs < tooFastMs) return 'machine';
  if (!userAgent) return 'unknown';
  // Apple's privacy proxy loads every picture of every letter, opened or not, and names itself exactly so.
  if (userAgent === 'Mozilla/5.0') return 'machine';
  if (imageProxies.test(userAgent) || mailPrograms.test(userAgent)) return 'human';
  return isbot(userAgent) ? 'machine' : 'human';
}

/** Null: no click at all (`HEAD`). Scanners follow links as soon as a letter comes in; browsers say who they are. */
export function classifyClick({ method, userAgent, sinceSentMs }: Visit): Visitor | null {
  if (method !== 'GET') return null;
  if (sinceSentMs < tooFastMs || !userAgent) return 'machine';
  return isbot(userAgent) ? 'machine' : 'human';
}
