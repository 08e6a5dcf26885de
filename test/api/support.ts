import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll } from 'vitest';
import { createApp } from '#api/app.ts';
import type { ApiDeps } from '#api/deps.ts';
import { createKey } from '#db/keys.ts';
import { scaledClock } from '#domain/clock.ts';
import type { TestDatabase } from '#test/support/database.ts';

export interface Answer {
  status: number;
  headers: Headers;
  // Tests look into bodies of every shape; what they expect says which.
  body: ReturnType<typeof JSON.parse>;
  text: string;
}

export interface TestGateway {
  url: string;
  apiKey: string;
  deps: ApiDeps;
  /** `/api/v1` + path, with the API key. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  request(path: string, init?: RequestInit): Promise<Answer>;
}

/** A gateway over a database of its own, listening on a free port until the file's tests are over. */
export async function testGateway({ db, pool }: TestDatabase, overrides: Partial<ApiDeps> = {}): Promise<TestGateway> {
  const clock = scaledClock({ origin: 0, scale: 1 });
  const deps: ApiDeps = {
    db,
    pool,
    clock,
    intake: { submit: async () => {} },
    relay: { push: () => {} },
    log: pino({ enabled: false }),
    secret: 'secret-of-tests',
    publicUrl: 'http://gateway.test',
    links: { temporalUi: null, inbox: null },
    temporal: { healthy: async () => true },
    ...overrides,
  };
  const key = await createKey(db, 'api_keys', 'tests', clock.now());
  if (!key) throw new Error('the key of the tests exists already');
  const url = await listen(createApp(deps));
  const request = async (path: string, init?: RequestInit) => answer(await fetch(url + path, init));
  return {
    url,
    apiKey: key.key,
    deps,
    request,
    call: (method, path, body, headers = {}) =>
      request(`/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${key.key}`, 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
  };
}

async function listen(app: ReturnType<typeof createApp>): Promise<string> {
  const server: Server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function answer(response: Response): Promise<Answer> {
  const text = await response.text();
  const json = /[/+]json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : undefined, text };
}
