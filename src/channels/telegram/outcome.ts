import { GrammyError, HttpError } from 'grammy/web';
import type { SubmitResult } from '#channels/channel.ts';

/** What became of a call of the Bot API that failed. Telegram has no key by which a repeat is known, so what may have been taken
 *  is `unknown` and not tried again by us. */
export function outcomeOf(error: unknown): SubmitResult {
  if (error instanceof GrammyError) return answered(error);
  if (error instanceof HttpError) return unanswered(error);
  throw error;
}

/** Telegram could not get the picture, or does not like it: the text goes without. */
export function isAboutPhoto(error: unknown): boolean {
  return (
    error instanceof GrammyError &&
    error.error_code === 400 &&
    photoFaults.test(error.description) &&
    !isAboutButton(error)
  );
}

/** A button must lead to a public address: one of a development machine is refused. */
export function isAboutButton(error: unknown): boolean {
  return error instanceof GrammyError && error.error_code === 400 && /button.*url/i.test(error.description);
}

const photoFaults =
  /http url|web ?page|photo|image|file identifier|wrong type of the web page content|failed to get|file is too big/i;

/** Somebody the bot cannot write to: never started it, deleted the account, or is no person any more. */
const nobody =
  /chat not found|user not found|peer_id_invalid|user_deactivated|upgraded to a supergroup|chat_id is empty/i;

/** Wall ms until a bot whose token is not accepted may have been given another. */
const tokenPatienceMs = 60_000;

function answered({ error_code: code, description, parameters }: GrammyError): SubmitResult {
  const reason = `${code} ${withoutIds(description)}`;
  if (code === 429) return { result: 'later', reason, retryAfterMs: (parameters.retry_after ?? 1) * 1000 };
  if (code === 403) return { result: 'refused', reason, suppress: 'blocked' };
  if (code === 401 || code === 404)
    return { result: 'later', reason: `the bot's token is not accepted: ${reason}`, retryAfterMs: tokenPatienceMs };
  // The Bot API itself says that it failed; of 502 and 504, which stand for a server behind it, nobody knows.
  if (code === 500 || code === 503) return { result: 'later', reason, retryAfterMs: null };
  if (code > 500) return { result: 'unknown', reason };
  return { result: 'refused', reason, suppress: nobody.test(description) ? 'bounced' : null };
}

/** Only what failed before the connection stood was surely not taken. */
function unanswered({ error }: HttpError): SubmitResult {
  const cause = rootOf(error);
  const reason = `no answer from Telegram: ${codeOf(cause) ?? (cause instanceof Error ? cause.name : 'unknown')}`;
  return beforeSending(cause) ? { result: 'later', reason, retryAfterMs: null } : { result: 'unknown', reason };
}

function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}

const connecting = new Set(['connect', 'getaddrinfo']);
const unconnected = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|.*_CERT(_.*)?)$/;

function beforeSending(cause: unknown): boolean {
  const call = field(cause, 'syscall');
  return (call !== undefined && connecting.has(call)) || unconnected.test(codeOf(cause) ?? '');
}

function codeOf(error: unknown): string | undefined {
  return field(error, 'code');
}

function field(error: unknown, name: string): string | undefined {
  const value: unknown = error instanceof Error ? Reflect.get(error, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Reasons go to ledger and log: whatever may be a chat's id, an address or a token is taken out. */
function withoutIds(description: string): string {
  return description
    .slice(0, 300)
    .replace(/https?:\/\/\S+/g, '[address]')
    .replace(/-?\d{5,}/g, '[id]');
}
