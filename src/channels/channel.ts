import type { MessageContent } from '#domain/content.ts';
import type { ChannelName, MessageFlags } from '#domain/journey.ts';
import type { Locale } from '#domain/shop.ts';

/** A browser or an app that takes notifications. `keys` of web push (RFC 8291); null for apps. */
export interface Device {
  /** The endpoint (web push) or the registration token (FCM). */
  address: string;
  keys: { p256dh: string; auth: string } | null;
}

/** One message, rendered, on its way to a provider. `id` is the ledger's; providers get it as metadata. */
export interface OutgoingMessage<Content extends MessageContent = MessageContent> {
  id: string;
  journey: string;
  template: string;
  kind: MessageFlags['kind'];
  locale: Locale;
  /** E-mail address, phone (E.164) or chat; empty where `devices` are written to. */
  to: string;
  devices: readonly Device[];
  from: { name: string; email: string };
  content: Content;
  /** https address of one-click unsubscribing (RFC 8058); null for service messages. */
  unsubscribeUrl: string | null;
}

/** What became of a submission.
 *  `accepted`: the provider has taken it, and names it by `providerId` when it tells of it (null: by ours, or not at all). `refused`: for good; `suppress` says that the address must not be written to again.
 *  `later`: surely not accepted, may be tried again. `unknown`: it may have been accepted.
 *  `gone`: addresses of devices that take nothing any more. */
export type SubmitResult = { gone?: readonly string[] } & (
  | { result: 'accepted'; providerId: string | null }
  | { result: 'refused'; reason: string; suppress: 'bounced' | 'blocked' | null }
  | { result: 'later'; reason: string; retryAfterMs: number | null }
  | { result: 'unknown'; reason: string }
);

export interface Channel {
  readonly name: ChannelName;
  /** Written to the ledger, so that a later answer finds the row. */
  readonly provider: string;
  /** Never throws for what a provider does. Reasons carry no address. */
  submit(message: OutgoingMessage): Promise<SubmitResult>;
  close(): Promise<void>;
}

/** The message as what its channel carries; a renderer that made something else is a bug of ours. */
export function carrying<Form extends MessageContent['form']>(
  message: OutgoingMessage,
  form: Form,
): OutgoingMessage<Extract<MessageContent, { form: Form }>> {
  const { content } = message;
  if (content.form !== form)
    throw new TypeError(`message ${message.id} is a ${content.form}, its channel carries a ${form}`);
  return { ...message, content: content as Extract<MessageContent, { form: Form }> };
}
