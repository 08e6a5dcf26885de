import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '#domain/failure.ts';

export interface Address {
  /** The gateway's, without a slash at the end. */
  url: string;
  writeKey: string;
  /** Of the open API: for the catalogue, and for what a provider of e-mail would tell. */
  apiKey: string;
}

/** Requests of the simulated shop: the same again and again until it is answered, as a shop's own client would. */
export interface Http {
  tracking(body: object): Promise<void>;
  api<Answer>(method: string, path: string, body?: object): Promise<Answer>;
  /** Anything else, by its path. Answers of 4xx are none of its business. */
  send(path: string, init?: RequestInit): Promise<Response>;
}

const limitMs = 10_000;
const triesForMs = 60_000;

export function createHttp({ url, writeKey, apiKey }: Address): Http {
  const json = { 'content-type': 'application/json' };
  const basic = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;

  async function untilAnswered(path: string, init: RequestInit = {}): Promise<Response> {
    const began = Date.now();
    for (let wait = 50; ; wait = Math.min(2_000, wait * 2)) {
      const answer = await fetch(url + path, { ...init, signal: AbortSignal.timeout(limitMs) }).catch(() => null);
      if (answer !== null && answer.status < 500 && answer.status !== 429) return answer;
      if (Date.now() - began > triesForMs)
        throw new Failure(`${url} has not answered for a minute: is it running, and is --url right?`);
      await sleep(wait);
    }
  }

  async function expectOk(path: string, init: RequestInit): Promise<Response> {
    const answer = await untilAnswered(path, init);
    if (answer.ok) return answer;
    const said = (await answer.text()).slice(0, 300);
    const advice = answer.status === 401 ? 'Is the key right (--write-key, --api-key)? ' : '';
    throw new Failure(`${init.method} ${path} was answered ${answer.status}. ${advice}${said}`);
  }

  return {
    async tracking(body) {
      const headers = { ...json, authorization: basic };
      await expectOk('/v1/batch', { method: 'POST', headers, body: JSON.stringify(body) });
    },
    async api<Answer>(method: string, path: string, body?: object) {
      const headers = { ...json, authorization: `Bearer ${apiKey}` };
      const text = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await expectOk(`/api/v1${path}`, { method, headers, ...text });
      return (answer.status === 204 ? null : await answer.json()) as Answer;
    },
    send: untilAnswered,
  };
}
