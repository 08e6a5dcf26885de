import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';

/** One JSON line a request: id, method, path, status, milliseconds. Nothing personal: no headers, no body, no query
 *  (`?email=`), and the token of a link, which says whose it is, only as `:token`. */
export function logRequests(log: Logger): RequestHandler {
  return pinoHttp<IncomingMessage>({
    logger: log,
    genReqId: (request) => request.id,
    quietReqLogger: true,
    customAttributeKeys: { reqId: 'requestId', responseTime: 'ms' },
    customLogLevel: (_request, response, error) =>
      error || response.statusCode >= 500 ? 'error' : response.statusCode >= 400 ? 'info' : 'debug',
    serializers: {
      req: ({ method, url }: { method: string; url: string }) => ({ method, path: safePath(url) }),
      res: ({ statusCode }: { statusCode: number }) => ({ status: statusCode }),
    },
  });
}

export function safePath(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  return path.replace(/^\/(t\/[a-z]|u|game)\/[^/]+/, '/$1/:token');
}
