import type { Answered } from '#channels/http/call.ts';
import { said, untilMendedMs } from '#channels/http/outcome.ts';
import type { DeviceOutcome } from '#channels/push/devices.ts';
import { isRecord } from '#domain/shapes.ts';

/** What FCM's errors say (https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode). */
interface FcmError {
  /** `errorCode` of its details, else the `status` of Google's APIs. */
  code: string;
  message: string;
  /** Fields of the request that it finds wrong. */
  fields: string[];
}

/** FCM asks for a minute at least where it gives no time of its own. */
const usualDelayMs = 60_000;

/** What became of a message that FCM did not take. Tokens that can never work again are gone; what is ours to mend waits. */
export function outcomeOf(reply: Answered): DeviceOutcome {
  const error = errorOf(reply.body);
  const reason = said('FCM answered', reply.status, error?.code);
  switch (reply.status) {
    case 404:
      // Google answers an address that it does not have by a page: that is about us, not about the token.
      return error ? { result: 'gone', reason } : wait(`${reason}: check the project`, untilMendedMs);
    case 400:
      return error && isAboutToken(error) ? { result: 'gone', reason } : { result: 'refused', reason };
    case 403:
      if (error?.code === 'SENDER_ID_MISMATCH') return { result: 'refused', reason };
      return wait(`${reason}: check the rights of the service account`, untilMendedMs);
    case 401:
      return wait(`${reason}: check the service account, and the APNs key in the Firebase console`, untilMendedMs);
    case 429:
      return wait(reason, reply.retryAfterMs ?? usualDelayMs);
    default:
      if (reply.status >= 500) return wait(reason, reply.retryAfterMs);
      return { result: 'refused', reason };
  }
}

function wait(reason: string, retryAfterMs: number | null): DeviceOutcome {
  return { result: 'later', reason, retryAfterMs };
}

/** Also where no field is named: the library that made the token knows it as little as FCM does. */
function isAboutToken({ code, message, fields }: FcmError): boolean {
  const isToken = fields.some((field) => field.endsWith('token')) || /registration token/i.test(message);
  return code === 'INVALID_ARGUMENT' && isToken;
}

function errorOf(body: unknown): FcmError | null {
  if (!isRecord(body) || !isRecord(body.error)) return null;
  const { status, message, details } = body.error;
  const parts = Array.isArray(details) ? details.filter(isRecord) : [];
  const code = parts.map(({ errorCode }) => errorCode).find((one) => typeof one === 'string') ?? status;
  const violations = parts.flatMap((part) => (Array.isArray(part.fieldViolations) ? part.fieldViolations : []));
  return {
    code: typeof code === 'string' ? code : '',
    message: typeof message === 'string' ? message.slice(0, 1000) : '',
    fields: violations.flatMap((one) => (isRecord(one) && typeof one.field === 'string' ? [one.field] : [])),
  };
}
