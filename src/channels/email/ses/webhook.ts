import { messageIdHeader } from '#channels/email/message.ts';
import { emailEvent, idName, instantOf, isId, jsonOf, record, textOf, visitorBy } from '#channels/email/told.ts';
import type { Answer, ProviderWebhook } from '#channels/webhook.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';
import { isRecord, type Properties } from '#domain/shapes.ts';
import { bounceKind } from './bounce.ts';
import { amazonUrl, createSnsVerifier, type Get, snsMessage } from './sns.ts';

/** SNS gives up after an hour at the latest, and a message keeps its time in all attempts. Wall milliseconds. */
const toleranceMs = 3_600_000;

/** What Amazon SES tells by an SNS topic (https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html).
 *  The secret is the topic's ARN: Amazon signs for everybody, so only what comes from our topic is ours; and only our topic's
 *  subscription is confirmed. */
export function createSesWebhook(get: Get = overHttps): ProviderWebhook {
  const isSigned = createSnsVerifier(get);
  return {
    async check({ raw }, secrets, wallNow) {
      const message = snsMessage(raw);
      if (message === null || !secrets.includes(textOf(message.TopicArn))) return 'wrong';
      if (!(await isSigned(message))) return 'wrong';
      const sentAt = instantOf(message.Timestamp) ?? 0;
      return Math.abs(wallNow - sentAt) <= toleranceMs ? 'genuine' : 'stale';
    },
    answer: ({ raw }) => confirm(get, snsMessage(raw) ?? {}),
    read({ raw }) {
      const message = snsMessage(raw) ?? {};
      const told = jsonOf(Buffer.from(textOf(message.Message)));
      // "Successfully validated SNS topic …", sent once, is a sentence.
      return isRecord(told) ? eventsOf(told, textOf(message.MessageId)) : [];
    },
    secretFault: (secret) =>
      /^arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/.test(secret) ? null : "must be the SNS topic's ARN",
  };
}

export const sesWebhook = createSesWebhook();

async function overHttps(url: string): Promise<string> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`Amazon SNS answered ${response.status}`);
  return response.text();
}

/** A topic that has just been pointed here is confirmed by following its link; who never meant to leave stays away. */
async function confirm(get: Get, message: Properties): Promise<Answer | null> {
  if (message.Type === 'Notification') return null;
  const url = amazonUrl(message.SubscribeURL);
  if (message.Type === 'SubscriptionConfirmation' && url !== null) await get(url);
  return { status: 200, contentType: 'application/json', body: '{"success":true}' };
}

type Told = Partial<Parameters<typeof emailEvent>[0]> & { kind: ProviderEvent['kind'] };

/** A letter of ours has one recipient; others, by the same account, may have many. */
function eventsOf(event: Properties, key: string): ProviderEvent[] {
  const mail = record(event.mail);
  const id = idOf(mail);
  return toldBy(event).map(({ kind, address, ...more }, index) => {
    const about = { id, address: address ?? list(mail.destination)[0], at: instantOf(mail.timestamp) };
    const told = emailEvent({ kind, key: `${key}:${index}`, ...about, ...more });
    const providerId = textOf(mail.messageId);
    // Notices of an identity, unlike those of a configuration set, bring no tags.
    const isUnmarked = !isId(id) && !isRecord(mail.tags) && providerId !== '';
    return isUnmarked ? { ...told, message: { providerId } } : told;
  });
}

function toldBy(event: Properties): Told[] {
  const type = textOf(event.eventType ?? event.notificationType);
  const detail = record(event[type === 'Rendering Failure' ? 'failure' : type.toLowerCase()]);
  const at = instantOf(detail.timestamp);
  const when = at === null ? {} : { at };
  switch (type) {
    case 'Delivery':
      return [{ kind: 'delivered', ...when }];
    case 'Open':
      return [{ kind: 'opened', by: visitorBy('opened', detail.userAgent), ...when }];
    case 'Click':
      return [{ kind: 'clicked', by: visitorBy('clicked', detail.userAgent), ...when }];
    case 'Bounce':
      return bounce(detail, when);
    case 'Complaint':
      if (detail.complaintFeedbackType === 'not-spam') return [];
      return list(detail.complainedRecipients).map((one) => ({
        kind: 'complained',
        address: record(one).emailAddress,
        ...when,
      }));
    case 'Reject':
      return [{ kind: 'failed', reason: [detail.reason] }];
    case 'Rendering Failure':
      return [{ kind: 'failed', reason: [detail.errorMessage] }];
    case 'Subscription':
      return record(detail.newTopicPreferences).unsubscribeAll === true ? [{ kind: 'stopped', ...when }] : [];
    default:
      return [];
  }
}

function bounce(detail: Properties, when: { at?: number }): Told[] {
  const kind = bounceKind(textOf(detail.bounceType), textOf(detail.bounceSubType));
  if (kind === null) return [];
  return list(detail.bouncedRecipients).map((one) => {
    const { emailAddress, status, diagnosticCode } = record(one);
    return { kind, address: emailAddress, reason: [detail.bounceSubType, status, diagnosticCode], ...when };
  });
}

function idOf(mail: Properties): unknown {
  const tag = list(record(mail.tags)[idName])[0];
  if (tag !== undefined) return tag;
  const header = list(mail.headers).map(record);
  return header.find(({ name }) => textOf(name).toLowerCase() === messageIdHeader.toLowerCase())?.value;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
