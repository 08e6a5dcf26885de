import type { IncomingMessage, ServerResponse } from 'node:http';
import { createVisits, linkOf } from '#db/tracking.ts';
import { burstMs, classifyClick, classifyOpen, tooFastMs, type Visit } from '#domain/opens.ts';
import { readToken } from '#rendering/tokens.ts';
import type { TrackingDeps } from './deps.ts';
import { sendProblem } from './pages.ts';

/** Answers a visit, whatever happens; never rejects. */
export type VisitHandler = (token: string, request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface VisitHandlers {
  opened: VisitHandler;
  clicked: VisitHandler;
}

/** The smallest picture there is: one transparent pixel. */
const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

const untold = { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', 'X-Robots-Tag': 'noindex' };
const picture = { ...untold, 'Content-Type': 'image/gif', 'Content-Length': pixel.length };

/** Who opened a message, who followed its links. Plain handlers of Node: they need nothing of Express, and a mailing's opens and
 *  clicks come all at once. Answered when it is committed. */
export function visitHandlers(deps: TrackingDeps): VisitHandlers {
  const { db, clock, log, secret } = deps;
  const { scale } = clock.time;
  const visits = createVisits(db, { tooFast: tooFastMs * scale, burst: burstMs * scale });

  async function open(text: string, request: IncomingMessage): Promise<void> {
    const token = readToken(secret, text, 'o');
    const visit = visitOf(request);
    const by = classifyOpen(visit);
    if (token === null || by === null) return;
    const { userAgent } = visit;
    await visits.record({ messageId: token.messageId, kind: 'opened', by, link: null, userAgent, at: clock.now() });
  }

  /** Leads only to what the message holds itself, so that nobody can send others elsewhere in our name. Whoever follows a
   *  link arrives, also where it cannot be written down. */
  async function targetOf(text: string, request: IncomingMessage): Promise<string | null> {
    const token = readToken(secret, text, 'c');
    if (token === null) return null;
    const { messageId, link } = token;
    const visit = visitOf(request);
    const by = classifyClick(visit);
    if (by === null) return linkOf(db, messageId, link);
    const { userAgent } = visit;
    try {
      return await visits.record({ messageId, kind: 'clicked', by, link, userAgent, at: clock.now() });
    } catch (error) {
      const target = await linkOf(db, messageId, link);
      log.error({ err: error }, 'A click was not recorded');
      return target;
    }
  }

  return {
    async opened(token, request, response) {
      // The letter shows the picture whatever happens here: a broken one would be the customer's problem.
      await open(token, request).catch((error: unknown) => log.error({ err: error }, 'An open was not recorded'));
      response.writeHead(200, picture).end(pixel);
    },
    async clicked(token, request, response) {
      try {
        const target = webAddress(await targetOf(token, request));
        if (target === null) sendProblem(request, response, 'bad-link');
        else response.writeHead(302, { ...untold, Location: target, 'Content-Length': 0 }).end();
      } catch (error) {
        log.error({ err: error }, 'A click could not be looked up');
        sendProblem(request, response, 'unavailable');
      }
    },
  };
}

function visitOf({ method = 'GET', headers }: IncomingMessage): Visit {
  const purpose = headers['sec-purpose'] ?? headers.purpose ?? headers['x-purpose'] ?? headers['x-moz'];
  return { method, userAgent: headers['user-agent'], purpose: purpose === undefined ? undefined : String(purpose) };
}

function webAddress(link: string | null): string | null {
  const url = link === null ? null : URL.parse(link);
  return url && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : null;
}

const spelt = /^\/t\/(?:o\/([\w-]+)\.gif|c\/([\w-]+))(?:\?|$)/;

/** The handler of a path and its token, as links of messages are spelt; null for everything else. */
export function visitAt({ opened, clicked }: VisitHandlers, url: string) {
  const [, open, click] = spelt.exec(url) ?? [];
  if (open !== undefined) return { handle: opened, token: open, route: '/t/o/:token.gif' };
  return click === undefined ? null : { handle: clicked, token: click, route: '/t/c/:token' };
}
