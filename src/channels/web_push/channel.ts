import webpush from 'web-push';
import { type Channel, carrying, type Device, type OutgoingMessage } from '#channels/channel.ts';
import { type Answered, call, usualTimeLimit } from '#channels/http/call.ts';
import { byStatus, isSuccess, later } from '#channels/http/outcome.ts';
import { type DeviceOutcome, sendToAll } from '#channels/push/devices.ts';
import type { VapidKeys } from './keys.ts';
import { payloadOf } from './payload.ts';

export interface WebPushSettings extends VapidKeys {
  /** Wall seconds that a push service keeps a notification for a browser that is not running. */
  ttl: number;
  /** Wall milliseconds for one submission: well below the lease of a row that is being submitted (90 s). */
  timeLimit: number;
}

export function webPushSettings(keys: VapidKeys, more: Partial<WebPushSettings> = {}): WebPushSettings {
  return { ...keys, ttl: 86_400, timeLimit: usualTimeLimit, ...more };
}

/** Notifications of browsers (RFC 8030), encrypted for each (RFC 8291): push services cannot read them. */
export function createWebPushChannel(settings: WebPushSettings): Channel {
  return {
    name: 'web_push',
    provider: 'web_push',
    submit: async (message) => {
      const payload = payloadOf(message.id, carrying(message, 'push').content);
      if (payload === null)
        return { result: 'refused', reason: 'the link is too long for a notification', suppress: null };
      return sendToAll(message.devices, (device) => push(settings, message, device, payload));
    },
    close: async () => {},
  };
}

async function push(
  settings: WebPushSettings,
  message: OutgoingMessage,
  device: Device,
  payload: string,
): Promise<DeviceOutcome> {
  const body = encrypted(device, payload);
  if (body === null) return { result: 'gone', reason: 'the keys of the subscription are not valid' };
  const { address: url } = device;
  const headers = headersOf(settings, message, new URL(url).origin);
  const reply = await call({ url, method: 'POST', headers, body, timeLimit: settings.timeLimit });
  if (reply.got === 'none') return outcome(byStatus(reply, ''));
  return isSuccess(reply) ? { result: 'accepted', providerId: idOf(reply, message.id) } : notTaken(reply);
}

/** Null where the browser's keys are none: what it sent is not our mistake. */
function encrypted({ keys }: Device, payload: string): Uint8Array<ArrayBuffer> | null {
  if (keys === null) return null;
  try {
    return new Uint8Array(webpush.encrypt(keys.p256dh, keys.auth, payload, encoding).cipherText);
  } catch {
    return null;
  }
}

const encoding = 'aes128gcm';

/** RFC 8030, 5.2 and 5.3. */
function headersOf(settings: WebPushSettings, { journey, kind, from }: OutgoingMessage, audience: string) {
  const { publicKey, privateKey, ttl } = settings;
  return {
    ...webpush.getVapidHeaders(audience, `mailto:${from.email}`, publicKey, privateKey, encoding),
    'Content-Encoding': encoding,
    'Content-Type': 'application/octet-stream',
    TTL: String(ttl),
    Urgency: kind === 'service' ? 'high' : 'normal',
    // While a browser is not running, newer advertising of a journey takes the place of what still waits for it.
    ...(kind === 'marketing' && { Topic: topicOf(journey) }),
  };
}

/** RFC 8030, 5.4: at most 32 characters of the base64url alphabet. */
function topicOf(journey: string): string {
  return journey.replace(/[^\w-]/g, '_').slice(0, 32);
}

/** The push message's address (RFC 8030, 5) ends in its id. */
function idOf({ location }: Answered, messageId: string): string {
  return location?.split('/').at(-1)?.slice(0, 200) || messageId;
}

/** By RFC 8030, and what Mozilla, Google, Apple and Microsoft answer in fact. A 5xx is asked again: should it have been taken
 *  all the same, the second shows in place of the first, for both have one tag. */
function notTaken(reply: Answered): DeviceOutcome {
  const { status, retryAfterMs } = reply;
  const reason = `the push service answered ${status}`;
  if (status === 404 || status === 410) return { result: 'gone', reason };
  if (status >= 500) return outcome(later(reason, retryAfterMs));
  // The subscription was made for other keys than ours; the next visit makes another.
  if (status === 401 || status === 403)
    return { result: 'refused', reason: `${reason}: it does not know our VAPID keys` };
  return outcome(byStatus(reply, reason));
}

function outcome(result: ReturnType<typeof byStatus>): DeviceOutcome {
  return result.result === 'refused' ? { result: 'refused', reason: result.reason } : result;
}
