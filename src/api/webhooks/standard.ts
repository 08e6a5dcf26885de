import { checkStandard, standardSecretFault } from '#channels/standard-webhooks.ts';
import { isRecord } from '#domain/shapes.ts';
import { jsonOf, nothing, type WebhookSource } from './told.ts';

/** Standard Webhooks (https://www.standardwebhooks.com), symmetric signatures `v1`. The body is one call in the shape of
 *  Segment's API, `type` and all; `webhook-id` is its message id. */
export const standard: WebhookSource = {
  refuses: true,
  check({ raw, header }, secrets, wallNow) {
    const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(header);
    return checkStandard({ id, timestamp, signature }, raw, secrets, wallNow);
  },
  read(delivery) {
    const body = jsonOf(delivery);
    if (!isRecord(body)) return nothing('the body is not a JSON object');
    const sentAt = body.sentAt ?? Number(delivery.header('webhook-timestamp')) * 1000;
    const call = { ...body, type: String(body.type), sentAt, messageId: delivery.header('webhook-id') };
    return { tells: 'calls', calls: [call] };
  },
  secretFault: standardSecretFault,
};
