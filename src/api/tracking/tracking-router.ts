import { type Request, type Response, Router } from 'express';
import { recordClick, recordOpen, type TrackedMessage, trackedMessage } from '#db/tracking.ts';
import { wallDuration } from '#domain/clock.ts';
import { classifyClick, classifyOpen, type Visit } from '#domain/opens.ts';
import { readToken } from '#rendering/tokens.ts';
import type { TrackingDeps } from './deps.ts';
import { sendProblem } from './pages.ts';

/** The smallest picture there is: one transparent pixel. */
const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

const untold = { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', 'X-Robots-Tag': 'noindex' };

/** `GET /t/o/:token.gif` and `GET /t/c/:token`: who opened a message, who followed its links. */
export function trackingRouter(deps: TrackingDeps): Router {
  const router = Router();
  router.get('/t/o/:token.gif', async (request: Request<{ token: string }>, response) => {
    // The letter shows the picture whatever happens here: a broken one would be the customer's problem.
    await open(deps, request).catch((error: unknown) => deps.log.error({ err: error }, 'An open was not recorded'));
    response.set(untold).set('Content-Type', 'image/gif').set('Content-Length', String(pixel.length)).end(pixel);
  });
  router.get('/t/c/:token', async (request: Request<{ token: string }>, response) => {
    try {
      await click(deps, request, response);
    } catch (error) {
      deps.log.error({ err: error }, 'A click could not be looked up');
      sendProblem(request, response, 'unavailable');
    }
  });
  return router;
}

async function open(deps: TrackingDeps, request: Request<{ token: string }>): Promise<void> {
  const token = readToken(deps.secret, request.params.token, 'o');
  const message = token && (await trackedMessage(deps.db, token.messageId));
  if (!message) return;
  const { visit, at } = visitOf(deps, request, message);
  const by = classifyOpen(visit);
  if (by !== null) await recordOpen(deps.db, { messageId: message.id, by, userAgent: visit.userAgent, at });
}

/** Leads only to what the message holds itself, so that nobody can send others elsewhere in our name. */
async function click(deps: TrackingDeps, request: Request<{ token: string }>, response: Response): Promise<void> {
  const token = readToken(deps.secret, request.params.token, 'c');
  const message = token && (await trackedMessage(deps.db, token.messageId));
  const target = message && webAddress(message.links[token.link]);
  if (!target) {
    sendProblem(request, response, 'bad-link');
    return;
  }
  const { visit, at } = visitOf(deps, request, message);
  const by = classifyClick(visit);
  if (by !== null) {
    // Whoever follows a link arrives, also where it cannot be written down.
    await recordClick(deps.db, { messageId: message.id, by, userAgent: visit.userAgent, at }, token.link).catch(
      (error: unknown) => deps.log.error({ err: error }, 'A click was not recorded'),
    );
  }
  response.status(302).set(untold).set('Location', target).end();
}

function visitOf({ clock }: TrackingDeps, request: Request<{ token: string }>, message: TrackedMessage) {
  const at = clock.now();
  const sinceSentMs = wallDuration(at.getTime() - message.sentAt.getTime(), clock.time);
  const visit: Visit = { method: request.method, userAgent: request.headers['user-agent'], sinceSentMs };
  return { visit, at };
}

function webAddress(link: string | undefined): string | null {
  const url = link === undefined ? null : URL.parse(link);
  return url && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : null;
}
