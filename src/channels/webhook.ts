import type { ProviderEvent } from '#domain/provider-event.ts';

/** A provider's webhook as it came in, before anything was believed. */
export interface RawWebhook {
  method: string;
  /** As the provider called it: our public address, path and query. */
  url: string;
  raw: Buffer;
  header(name: string): string | undefined;
}

/** What a provider's webhooks say and how they are proved (`standards.md`, Provider webhooks). One per `/webhooks/:source`. */
export interface ProviderWebhook {
  /** Whether one of the secrets proves it, on the raw bytes, in constant time; `stale`: rightly signed, too long ago.
   *  `wallNow`: epoch milliseconds. */
  check(webhook: RawWebhook, secrets: readonly string[], wallNow: number): Verdict | Promise<Verdict>;
  /** What it tells; events that say nothing to us are left out. Null: not in the provider's shape. */
  read(webhook: RawWebhook): ProviderEvent[] | null;
  /** What to answer in place of the usual `{"success":true}`: a challenge at subscription (WhatsApp's GET, SNS, Viber). Asked
   *  before `read`, after `check`; null: nothing special. */
  answer?(webhook: RawWebhook, secrets: readonly string[]): Answer | null | Promise<Answer | null>;
  /** What the provider must hear once all is kept, where the usual `{"success":true}` will not do (sms.ru wants `100`). */
  thanks?: Answer;
  /** Whether this text can be a secret of the source; else what it must be. */
  secretFault?(secret: string): string | null;
}

export type Verdict = 'genuine' | 'wrong' | 'stale';

export interface Answer {
  status: number;
  contentType: string;
  body: string;
}
