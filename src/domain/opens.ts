import { isbot } from 'isbot';

/** Who loaded a picture or followed a link: a person, a program, or nobody can say. */
export type Visitor = 'human' | 'machine' | 'unknown';

export interface Visit {
  method: string;
  userAgent: string | undefined;
  /** `Sec-Purpose`, `Purpose` or `X-Moz`: a browser that fetches what nobody has asked for yet. */
  purpose?: string | undefined;
}

/** Wall milliseconds since a letter was handed over within which no person has read it: filters of the receiving side look
 *  at it first. */
export const tooFastMs = 2_000;

/** Wall milliseconds within which nobody follows two different links of a letter: a scanner follows them all. */
export const burstMs = 1_000;

/** These fetch a picture when a person opens the letter; `isbot` takes them for crawlers, as their names suggest. */
const imageProxies = /GoogleImageProxy|YahooMailProxy/;

/** Mail programs that `isbot` does not know: it is a hint only. */
const mailPrograms = /^(?:Outlook-Android|ru\.mail\.mailapp|eM Client)\b/;

/** Filters that follow links before anybody reads the letter. Those that hide behind a browser's name are known by their haste. */
const scanners =
  /barracuda|proofpoint|mimecast|safelinks|microsoft.?atp|defender|forcepoint|trustwave|ironport|cisco.?secure|sophos|symantec/i;

const ahead = /prefetch|prerender|preview/i;

/** Null: no open at all (`HEAD`). A machine's open stops no fallback and counts for no rate. */
export function classifyOpen({ method, userAgent, purpose }: Visit): Visitor | null {
  if (method !== 'GET') return null;
  if (!userAgent) return 'unknown';
  // Apple's privacy proxy loads every picture of every letter, opened or not, and names itself exactly so.
  if (userAgent === 'Mozilla/5.0' || isAhead(purpose)) return 'machine';
  if (imageProxies.test(userAgent) || mailPrograms.test(userAgent)) return 'human';
  return isMachine(userAgent) ? 'machine' : 'human';
}

/** Null: no click at all (`HEAD`). Scanners follow links as soon as a letter comes in; browsers say who they are. */
export function classifyClick({ method, userAgent, purpose }: Visit): Visitor | null {
  if (method !== 'GET') return null;
  return !userAgent || isAhead(purpose) || isMachine(userAgent) ? 'machine' : 'human';
}

function isAhead(purpose: string | undefined): boolean {
  return purpose !== undefined && ahead.test(purpose);
}

/** Browsers are few and come again: asking once spares most of what a click costs here. */
const asked = new Map<string, boolean>();
const mostAsked = 2_000;

function isMachine(userAgent: string): boolean {
  const known = asked.get(userAgent);
  if (known !== undefined) return known;
  const found = scanners.test(userAgent) || isbot(userAgent);
  if (asked.size >= mostAsked) asked.clear();
  asked.set(userAgent, found);
  return found;
}
