import { Failure } from '#domain/failure.ts';

export interface SmtpSettings {
  host: string;
  port: number;
  /** TLS from the first byte (port 465); otherwise STARTTLS is used where the server offers it. */
  secure: boolean;
  auth: { user: string; pass: string } | null;
  /** Where bounces go; null: the sender's own address. */
  envelopeFrom: string | null;
  maxConnections: number;
  /** Wall milliseconds for one submission, all of it: well below the lease of a row that is being submitted (90 s). */
  timeLimit: number;
}

/** From `smtp://user:password@host:port` or `smtps://…`; `?bounces=` is where bounces go. Throws a Failure on anything else. */
export function smtpSettings(url: string, more: Partial<SmtpSettings> = {}): SmtpSettings {
  const parsed = URL.parse(url);
  if (!parsed?.hostname || !['smtp:', 'smtps:'].includes(parsed.protocol)) {
    throw new Failure('An SMTP address looks like smtp://user:password@host:587 or smtps://user:password@host:465.');
  }
  const secure = parsed.protocol === 'smtps:';
  const [user, pass] = [decodeURIComponent(parsed.username), decodeURIComponent(parsed.password)];
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? (secure ? 465 : 587) : Number(parsed.port),
    secure,
    auth: user === '' ? null : { user, pass },
    envelopeFrom: parsed.searchParams.get('bounces'),
    maxConnections: 5,
    timeLimit: 45_000,
    ...more,
  };
}
