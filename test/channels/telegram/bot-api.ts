import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll } from 'vitest';

type Json = ReturnType<typeof JSON.parse>;

export interface Call {
  method: string;
  payload: Json;
}

/** What goes wrong with one call. `drop`: hung up without an answer, though it was done; `hang`: done, and never answered;
 *  `half`: the answer breaks off; `html`: a proxy speaks in Telegram's place. */
type Fault = { code: number; description: string; parameters?: object } | 'drop' | 'hang' | 'half' | 'html';

interface Update {
  update_id: number;
  [kind: string]: Json;
}

interface Refusal {
  refusal: { code: number; description: string; parameters?: object };
}

const refusal = (code: number, description: string): Refusal => ({ refusal: { code, description } });

/** Telegram's Bot API in small, over HTTP as the real one speaks it: what bots send, what people do, and its refusals. */
export class BotApi {
  readonly token = '4242:a-token-of-the-tests-that-is-long-enough';
  readonly calls: Call[] = [];
  /** Faults of the next calls, by method. */
  readonly faults = new Map<string, Fault[]>();
  readonly blockedBy = new Set<string>();
  /** Chats that there are; null: all that are asked for. */
  chats: Set<string> | null = null;
  webhook: Json = null;
  /** Highest offset that was asked for: all below is confirmed and forgotten. */
  confirmed = 0;
  root = '';
  /** Looked at before a message is taken, by tests that ask what holds at that moment. */
  onSend: (() => Promise<void>) | null = null;
  #pending: Update[] = [];
  #onUpdate = new Set<() => void>();
  #messages = 0;
  #updates = 1000;

  /** Messages and photos to a chat, oldest first. */
  sentTo(chat: string | number): Json[] {
    const sends = this.calls.filter(({ method }) => method === 'sendMessage' || method === 'sendPhoto');
    return sends.map(({ payload }) => payload).filter(({ chat_id }) => String(chat_id) === String(chat));
  }

  fail(method: string, ...faults: Fault[]): void {
    this.faults.set(method, faults);
  }

  nextId(): number {
    return ++this.#updates;
  }

  /** An update that waits to be fetched. */
  put(update: Update): void {
    this.#pending.push(update);
    for (const tell of this.#onUpdate) tell();
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const payload: Json = await json(request).catch(() => ({}));
    const [, token, method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? '') ?? [];
    const fault = this.faults.get(method)?.shift();
    if (typeof fault === 'object') return answer(response, { refusal: fault });
    if (fault === 'html') return void response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>502</h1>');
    if (method === 'sendMessage') await this.onSend?.();
    this.calls.push({ method, payload });
    const result = token === this.token ? await this.#do(method, payload, response) : refusal(401, 'Unauthorized');
    if (fault === 'drop') return void response.destroy();
    if (fault === 'hang') return;
    if (fault === 'half') {
      response.writeHead(200, { 'content-length': 1000 }).write('{"ok":true,');
      setTimeout(() => response.destroy(), 20);
      return;
    }
    answer(response, result);
  }

  #do(method: string, payload: Json, response: ServerResponse): unknown {
    switch (method) {
      case 'getMe':
        return { id: 4242, is_bot: true, first_name: 'Shop', username: 'sample_shop_bot' };
      case 'sendMessage':
        return this.#send(payload, payload.text, 4096);
      case 'sendPhoto':
        if (payload.photo.includes('broken')) return refusal(400, 'Bad Request: failed to get HTTP URL content');
        return this.#send(payload, payload.caption ?? '', 1024);
      case 'setWebhook':
        this.webhook = payload.url === '' ? null : payload;
        return true;
      case 'deleteWebhook':
        this.webhook = null;
        return true;
      case 'setMyCommands':
        return true;
      case 'getUpdates':
        return this.#updatesFrom(payload, response);
      default:
        return refusal(404, 'Not Found: method not found');
    }
  }

  #send(payload: Json, html: string, most: number): unknown {
    const chat = String(payload.chat_id);
    if (this.chats && !this.chats.has(chat)) return refusal(400, 'Bad Request: chat not found');
    if (this.blockedBy.has(chat)) return refusal(403, 'Forbidden: bot was blocked by the user');
    const text = payload.parse_mode === 'HTML' ? readHtml(html) : html;
    if (text === null) return refusal(400, "Bad Request: can't parse entities: Unsupported start tag at byte offset 0");
    if (text.length > most) return refusal(400, `Bad Request: message ${most === 1024 ? 'caption ' : ''}is too long`);
    if (text === '' && most === 4096) return refusal(400, 'Bad Request: message text is empty');
    const url = payload.reply_markup?.inline_keyboard?.[0]?.[0]?.url;
    if (url !== undefined && !/^https?:\/\/[^/]+\./.test(url)) {
      return refusal(400, `Bad Request: inline keyboard button URL '${url}' is invalid: Wrong HTTP URL`);
    }
    return { message_id: ++this.#messages, date: seconds(), chat: { id: payload.chat_id, type: 'private' }, text };
  }

  async #updatesFrom({ offset = 0, timeout = 0 }: Json, response: ServerResponse): Promise<unknown> {
    if (this.webhook) return refusal(409, "Conflict: can't use getUpdates method while webhook is active");
    this.confirmed = Math.max(this.confirmed, offset);
    this.#pending = this.#pending.filter((update) => update.update_id >= offset);
    if (this.#pending.length === 0 && timeout > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, timeout * 1000);
      this.#onUpdate.add(resolve);
      response.once('close', resolve);
      await promise;
      clearTimeout(timer);
      this.#onUpdate.delete(resolve);
    }
    return structuredClone(this.#pending);
  }
}

export function seconds(at = Date.now()): number {
  return Math.floor(at / 1000);
}

/** Plain text of Telegram's HTML; null where it would not parse it. */
function readHtml(html: string): string | null {
  const text = html.replace(/<(b|i|s|u)>|<\/(b|i|s|u|a)>|<a href="[^"<>]*">/g, '');
  if (/[<>]|&(?!(?:amp|lt|gt|quot);)/.test(text)) return null;
  return text.replace(
    /&(amp|lt|gt|quot);/g,
    (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"' })[name] ?? '',
  );
}

function answer(response: ServerResponse, result: unknown): void {
  if (response.destroyed) return;
  const refused = (result as Partial<Refusal>).refusal;
  const body = refused
    ? { ok: false, error_code: refused.code, description: refused.description, parameters: refused.parameters }
    : { ok: true, result };
  response.writeHead(refused?.code ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** A Bot API on a free port until the file's tests are over. */
export async function startBotApi(): Promise<BotApi> {
  const api = new BotApi();
  const server = createServer((request, response) => void api.serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  api.root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return api;
}
