import type { SubmitResult } from '#channels/channel.ts';

/** How far the content of a message got. Only after `whole` may the server have taken it without our knowing. */
export interface Progress {
  content: 'none' | 'begun' | 'whole';
}

/** What nodemailer's errors carry. `command`: the stage; `CONN` for the connection itself. */
interface SmtpError extends Error {
  code?: string;
  originalCode?: string;
  command?: string;
  response?: string;
  responseCode?: number;
}

/** The outcome of a submission that failed (RFC 5321, 4.2.1: 4yz may be tried again, 5yz not). */
export function outcomeOf(error: unknown, progress: Progress): SubmitResult {
  if (!(error instanceof Error)) throw new TypeError('nodemailer fails with errors only', { cause: error });
  const { code, command = '', response, responseCode }: SmtpError = error;
  const reason = reasonOf(error);
  const aboutMessage = code === 'EENVELOPE' || code === 'EMESSAGE';
  if (aboutMessage && (responseCode === undefined || responseCode >= 500)) {
    return { result: 'refused', reason, suppress: unknownMailbox(command, response) ? 'bounced' : null };
  }
  if (responseCode !== undefined) return { result: 'later', reason, retryAfterMs: null };
  return progress.content === 'whole' ? { result: 'unknown', reason } : { result: 'later', reason, retryAfterMs: null };
}

/** RFC 3463, X.1.X: the address itself is bad. Other refusals may be about us, and must not cost us the customer. */
function unknownMailbox(command: string, response = ''): boolean {
  return command === 'RCPT TO' && /^5\d\d[ -]5\.1\.\d/.test(response);
}

/** What goes to the ledger and the log: servers like to repeat the address in their answers, so it is taken out. */
function reasonOf({ code, originalCode, command, response, name, message }: SmtpError): string {
  const stage = command ? ` at ${command}` : '';
  return `${originalCode ?? code ?? name}${stage}: ${response ?? message}`
    .slice(0, 2_000) // looking for addresses takes the square of the length
    .replace(/\S+@\S+/g, '[address]')
    .slice(0, 300);
}
