import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** What goes wrong once the request is read whole. `hang`: no answer and no end. `close`: the connection ends. `cut`: the head of a
 *  good answer comes, and half of its body. */
export type Fault = 'hang' | 'close' | 'cut';

export interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface ApiServer {
  origin: string;
  asked: Asked[];
  /** May be changed at any time. `before`: done once the request is read, before the answer. */
  plan: { answer: Answer; fault?: Fault; delayMs?: number; before?: () => Promise<void> };
  /** Ends the connections that are kept open. */
  hangUp(): void;
  close(): void;
}

/** A provider's API on this machine. */
export async function apiServer(answer: Answer): Promise<ApiServer> {
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    api.asked.push({ method, path: url, headers, body: await text(request) });
    await api.plan.before?.();
    setTimeout(() => reply(api.plan, response), api.plan.delayMs ?? 0);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const api: ApiServer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    plan: { answer },
    hangUp: () => server.closeAllConnections(),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return api;
}

function reply({ answer, fault }: ApiServer['plan'], response: ServerResponse): void {
  if (fault === 'hang') return;
  if (fault === 'close') return void response.destroy();
  const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body) + (fault === 'cut' ? 100 : 0),
    ...answer.headers,
  });
  if (fault !== 'cut') return void response.end(body);
  response.write(body.slice(0, body.length / 2), () => response.destroy());
}
