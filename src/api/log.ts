import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';

/** One JSON line a request: id, method, path, status, milliseconds. Nothing personal: no headers, no body, no query
 *  (`?email=`), and of the path only what is no address and no token. */
export function logRequests(log: Logger): RequestHandler {
  return pinoHttp<Request, Response>({
    logger: log,
    genReqId: (request) => request.id,
    quietReqLogger: true,
    customAttributeKeys: { reqId: 'requestId', responseTime: 'ms' },
    customLogLevel: levelOf,
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
    // Only that there was one: the error handler logs it, without the data that it may quote.
    customErrorObject: (_request, _response, _error, { err: _, ...line }) => line,
    serializers: {
      req: ({ method, url }: { method: string; url: string }) => ({ method, path: safePath(url) }),
      res: ({ statusCode }: { statusCode: number }) => ({ status: statusCode }),
    },
  });
}

/** Pages, opens and clicks come in crowds and are counted elsewhere. */
function levelOf(request: Request, response: Response, error?: Error) {
  if (error || response.statusCode >= 500) return 'error';
  return response.statusCode >= 400 || request.originalUrl.startsWith('/api/') ? 'info' : 'debug';
}

/** Names of ours and ids of ours; whatever else stands in a path may be somebody's address or the token of a link. */
const plain = /^([a-z][a-z-]*\d?(\.(json|js|css|gif|png))?|[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12})$/;

function safePath(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  return path
    .slice(0, 500)
    .split('/')
    .map((part) => (part === '' || (part.length <= 40 && plain.test(part)) ? part : ':any'))
    .join('/');
}
