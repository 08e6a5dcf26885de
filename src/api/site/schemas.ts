import { z } from 'zod';
import { isPushEndpoint } from '#domain/push-services.ts';

/** Bodies of the routes that a shop's pages and apps call. Beside what counts they may hold anything: scripts of any age call. */

const personId = z.string().trim().min(1).max(255).optional();

const from = {
  writeKey: z.string().max(200),
  userId: personId,
  anonymousId: personId,
  /** Nobody was asked just now: an old permission is told again, perhaps because somebody else signed in. */
  renewal: z.boolean().default(false),
};

const isSomebody = (body: { userId?: string | undefined; anonymousId?: string | undefined }) =>
  body.userId !== undefined || body.anonymousId !== undefined;
const nobody = { path: ['anonymousId'], error: 'or userId must say whose it is' };

/** Longer ones fit into no index, and no push service makes them. */
const longestEndpoint = 2000;
const endpointText = z.string().max(longestEndpoint);

/** Base64url of so many bytes, with or without padding. */
const bytes = (count: number) =>
  z.string().regex(new RegExp(`^[\\w-]{${Math.ceil((count * 8) / 6)}}={0,2}$`), `must be ${count} bytes as base64url`);

/** A `PushSubscription` as browsers write it. */
export function pushSubscription(services: readonly string[]) {
  return z.object({
    endpoint: endpointText.refine((text) => isPushEndpoint(text, services), {
      error: 'must be the https address of a push service that is known',
    }),
    keys: z.object({ p256dh: bytes(65), auth: bytes(16) }),
  });
}

export function subscriptionInput(services: readonly string[]) {
  return z.object({ ...from, subscription: pushSubscription(services) }).refine(isSomebody, nobody);
}

export function movedSubscription(services: readonly string[]) {
  return z.object({ old: endpointText, subscription: pushSubscription(services) });
}

export const endedSubscription = z.object({ endpoint: endpointText });

/** A registration token of FCM. */
export const pushToken = z.string().regex(/^[\w:.-]{8,1000}$/, 'must be a registration token of Firebase');

export const tokenInput = z.object({ ...from, token: pushToken }).refine(isSomebody, nobody);

export const endedToken = z.object({ token: pushToken });
