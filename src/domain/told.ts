/** What may be said of an error where personal data must not come: in logs, and in Temporal's histories. */
export interface Told {
  name: string;
  message: string;
  stack?: string;
  /** SQLSTATE, or the system's name such as ECONNREFUSED. */
  code?: string;
}

/** The longest message that is worth keeping. */
const longest = 1_000;

/** Errors that quote what they were given: a database's the row or value that it refused, a parser's the text. Of those only
 *  the class, the code and the constraint remain; of others the message without addresses. Causes and details stay behind. */
export function told(error: unknown): Told {
  if (!(error instanceof Error))
    return { name: 'Error', message: `something was thrown that is no error (${typeof error})` };
  const code = textOf(error, 'code');
  const name = textOf(error, 'severity') === undefined ? error.name : 'DatabaseError';
  const message = quotesData(error)
    ? [name, code, textOf(error, 'constraint')].filter(Boolean).join(' ')
    : masked(error.message);
  const frames = framesOf(error);
  return {
    name,
    message,
    ...(code !== undefined && { code }),
    ...(frames !== '' && { stack: `${name}: ${message}\n${frames}` }),
  };
}

/** `severity` is what only PostgreSQL's errors have. */
function quotesData(error: Error): boolean {
  return textOf(error, 'severity') !== undefined || error instanceof SyntaxError || error instanceof RangeError;
}

function masked(message: string): string {
  return message.slice(0, longest).replace(/[^\s<>"'(),;]+@[^\s<>"'(),;]+/g, '[address]');
}

function textOf(error: Error, field: string): string | undefined {
  const value: unknown = Reflect.get(error, field);
  return typeof value === 'string' ? value : undefined;
}

/** Where it happened. What stands above in a stack is the message, which may have lines of its own. */
function framesOf({ stack = '', message }: Error): string {
  const lines = stack.replace(message, '').split('\n');
  return lines.filter((line) => /^ +at .+/.test(line)).join('\n');
}
