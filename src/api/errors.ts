import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { Problem, type ProblemCode, problemBody } from './problems.ts';

/** What `express.json` and the router say, in our codes (`type` of http-errors, else the status). */
const known: Record<string, ProblemCode> = {
  'entity.parse.failed': 'malformed_json',
  'entity.too.large': 'too_large',
  'charset.unsupported': 'unsupported_encoding',
  'encoding.unsupported': 'unsupported_encoding',
};

/** SQLSTATE classes: 08 connection, 53 resources, 57P0x shutting down; node's own codes of a socket. */
const databaseAway = /^(08...|53...|57P0.|ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EPIPE)$/;

/** What pg says in words only. */
const withoutConnection = /timeout exceeded when trying to connect|Connection terminated|after calling end on the pool/;

export const notFound: RequestHandler = () => {
  throw new Problem('not_found');
};

/** The last handler: every error leaves as problem+json, and only what is ours to repair is logged as an error. */
export function errorHandler(log: Logger): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error);
    const problem = toProblem(error);
    if (problem.status >= 500) log.error({ err: withoutData(error), requestId: request.id }, 'request failed');
    const body = problemBody(problem, String(request.id));
    response
      .status(problem.status)
      .set(problem.extras.headers ?? {})
      .set('Cache-Control', 'no-store')
      .type('application/problem+json')
      .send(JSON.stringify(body));
  };
}

/** The details of a database error quote the row that failed, which may be somebody's: kept out of logs. */
function withoutData(error: unknown) {
  const { code, message } = traits(error);
  const { name = 'Error', stack } = error instanceof Error ? error : {};
  if (code === undefined) return { name, message, stack };
  return { name, message: `error ${code}`, code, stack: stack?.replace(message ?? '', '') };
}

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { type, status, code, message } = traits(error);
  const mapped = type === undefined ? undefined : known[type];
  if (mapped) return new Problem(mapped);
  if (status !== undefined && status >= 400 && status < 500) return new Problem('malformed_request');
  if (code !== undefined && databaseAway.test(code)) return new Problem('unavailable');
  if (message !== undefined && withoutConnection.test(message)) return new Problem('unavailable');
  // SQLSTATE class 22: a value that the database cannot take slipped past the schema.
  if (code !== undefined && /^22...$/.test(code)) return new Problem('invalid_request');
  return new Problem('internal');
}

function traits(error: unknown): { type?: string; status?: number; code?: string; message?: string } {
  if (typeof error !== 'object' || error === null) return {};
  const read = (key: string) => (error as Record<string, unknown>)[key];
  const type = read('type');
  const status = read('status');
  const code = read('code');
  const message = read('message');
  return {
    ...(typeof type === 'string' && { type }),
    ...(typeof status === 'number' && { status }),
    ...(typeof code === 'string' && { code }),
    ...(typeof message === 'string' && { message }),
  };
}
