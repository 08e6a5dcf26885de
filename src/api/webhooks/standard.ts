import { isRecord } from '#domain/shapes.ts';
import { isSigned } from './signatures.ts';
import { jsonOf, nothing, type WebhookSource } from './told.ts';

/** Wall seconds that a signed time may be off. */
const tolerance = 300;

/** Standard Webhooks (https://www.standardwebhooks.com), symmetric signatures `v1`. The body is one call in the shape of
 *  Segment's API, `type` and all; `webhook-id` is its message id. */
export const standard: WebhookSource = {
  refuses: true,
  check({ raw, header }, secrets, wallNow) {
    const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(header);
    if (!id || !timestamp || !signature || !/^\d{1,12}$/.test(timestamp)) return 'wrong';
    const signatures = signature.split(' ').flatMap((one) => (one.startsWith('v1,') ? [one.slice(3)] : []));
    const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), raw]);
    if (!isSigned(signed, signatures, secrets.map(bytesOf))) return 'wrong';
    return Math.abs(wallNow / 1000 - Number(timestamp)) <= tolerance ? 'genuine' : 'stale';
  },
  read(delivery) {
    const body = jsonOf(delivery);
    if (!isRecord(body)) return nothing('the body is not a JSON object');
    const sentAt = body.sentAt ?? Number(delivery.header('webhook-timestamp')) * 1000;
    const call = { ...body, type: String(body.type), sentAt, messageId: delivery.header('webhook-id') };
    return { tells: 'calls', calls: [call] };
  },
  secretFault(secret) {
    const base64 = secret.replace(prefix, '');
    const isBase64 = Buffer.from(base64, 'base64').toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '');
    const isLong = bytesOf(secret).length >= shortest;
    return isBase64 && isLong ? null : `must be whsec_ and at least ${shortest} bytes in base64`;
  },
};

const prefix = /^whsec_/;
const shortest = 16;

function bytesOf(secret: string): Buffer {
  return Buffer.from(secret.replace(prefix, ''), 'base64');
}
