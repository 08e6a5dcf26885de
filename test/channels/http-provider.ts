import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Asked {
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** An answer, or what goes wrong: `hang` says nothing, `drop` hangs up without a word, `cut` begins a good answer and hangs up. */
export type Plan =
  | { status?: number; headers?: Record<string, string>; body: unknown }
  | ((asked: Asked) => { status?: number; headers?: Record<string, string>; body: unknown })
  | 'hang'
  | 'drop'
  | 'cut';

export interface HttpProvider {
  url: string;
  asked: Asked[];
  /** May be changed at any time. */
  plan: Plan;
  close(): Promise<void>;
}

/** A provider's HTTP server that answers as planned. */
export async function httpProvider(plan: Plan): Promise<HttpProvider> {
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const asked = { method, url, headers, body: await text(request) };
    provider.asked.push(asked);
    answer(response, provider.plan, asked);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const provider: HttpProvider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    plan,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return provider;
}

function answer(response: ServerResponse, plan: Plan, asked: Asked): void {
  if (plan === 'hang') return;
  if (plan === 'drop') return void response.destroy();
  if (plan === 'cut') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"id":', () => response.destroy());
    return;
  }
  const { status = 200, headers = {}, body } = typeof plan === 'function' ? plan(asked) : plan;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
