import type { ChannelName, MessageFlags } from '#domain/journey.ts';

/** One message, rendered, on its way to a provider. `id` is the ledger's; providers get it as metadata. */
export interface OutgoingMessage {
  id: string;
  journey: string;
  template: string;
  kind: MessageFlags['kind'];
  to: string;
  from: { name: string; email: string };
  subject: string;
  html: string;
  text: string;
  /** https address of one-click unsubscribing (RFC 8058); null for service messages. */
  unsubscribeUrl: string | null;
}

/** What became of a submission.
 *  `accepted`: the provider has taken it. `refused`: for good; `suppress` says that the address must not be written to again.
 *  `later`: surely not accepted, may be tried again. `unknown`: it may have been accepted. */
export type SubmitResult =
  | { result: 'accepted'; providerId: string }
  | { result: 'refused'; reason: string; suppress: 'bounced' | 'blocked' | null }
  | { result: 'later'; reason: string; retryAfterMs: number | null }
  | { result: 'unknown'; reason: string };

export interface Channel {
  readonly name: ChannelName;
  /** Written to the ledger, so that a later answer finds the row. */
  readonly provider: string;
  /** Never throws for what a provider does. Reasons carry no address. */
  submit(message: OutgoingMessage): Promise<SubmitResult>;
  close(): Promise<void>;
}
