import type { Channel, Device, OutgoingMessage } from '#channels/channel.ts';
import { call, type Reply } from '#channels/http/call.ts';
import { byStatus, isSuccess } from '#channels/http/outcome.ts';
import { type DeviceOutcome, sendToAll } from '#channels/push/devices.ts';
import { isRecord } from '#domain/shapes.ts';
import { type AccessTokens, createAccessTokens } from './access.ts';
import { toFcm } from './message.ts';
import { outcomeOf } from './outcome.ts';
import type { FcmSettings } from './settings.ts';

/** Notifications of Android and iOS apps through Firebase Cloud Messaging, HTTP v1. */
export function createAppPushChannel(settings: FcmSettings): Channel {
  const access = createAccessTokens(settings);
  return {
    name: 'app_push',
    provider: 'fcm',
    submit: (message) => sendToAll(message.devices, (device) => push(settings, access, message, device)),
    close: async () => {},
  };
}

/** A token that is refused is asked for anew, once: it may have been revoked before its time. */
async function push(
  settings: FcmSettings,
  access: AccessTokens,
  message: OutgoingMessage,
  device: Device,
): Promise<DeviceOutcome> {
  const first = await access.get();
  if ('failed' in first) return first.failed;
  const reply = await send(settings, first.token, message, device);
  if (reply.got === 'none' || reply.status !== 401) return outcome(reply);
  const second = await access.get(first.token);
  return 'failed' in second ? second.failed : outcome(await send(settings, second.token, message, device));
}

function send(
  { apiUrl, projectId, ttl, timeLimit }: FcmSettings,
  token: string,
  message: OutgoingMessage,
  { address }: Device,
): Promise<Reply> {
  return call({
    url: `${apiUrl}/v1/projects/${encodeURIComponent(projectId)}/messages:send`,
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(toFcm(message, address, ttl, Date.now())),
    timeLimit,
  });
}

function outcome(reply: Reply): DeviceOutcome {
  if (reply.got === 'none') {
    const { reason } = reply;
    return byStatus(reply, '').result === 'unknown'
      ? { result: 'unknown', reason }
      : { result: 'later', reason, retryAfterMs: null };
  }
  if (!isSuccess(reply)) return outcomeOf(reply);
  const name = isRecord(reply.body) ? reply.body.name : undefined;
  return { result: 'accepted', providerId: typeof name === 'string' ? (name.split('/').at(-1) ?? name) : '' };
}
