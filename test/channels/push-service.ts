import { createECDH, createPublicKey, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import ece from 'http_ece';
import type { Device, OutgoingMessage } from '#channels/channel.ts';
import type { Payload } from '#channels/web_push/payload.ts';
import type { Notification } from '#domain/content.ts';

/** A notification on its way to some devices. */
export function notification(
  devices: readonly Device[],
  content: Partial<Notification> = {},
  more: Partial<Omit<OutgoingMessage, 'content'>> = {},
): OutgoingMessage<Notification> {
  return {
    id: '019ab5d0-7c00-7000-8000-000000000001',
    journey: 'abandonment',
    template: 'cart-reminder',
    kind: 'marketing',
    locale: 'ru',
    to: '',
    devices,
    from: { name: 'Вторая полка', email: 'hello@shop.example' },
    content: {
      form: 'push',
      title: 'Корзина ждёт 🛒',
      body: 'Анна, платок и сумка ещё свободны',
      url: 'https://crm.shop.example/t/c/token',
      imageUrl: 'https://shop.example/p/scarf.jpg',
      ...content,
    },
    unsubscribeUrl: 'https://crm.shop.example/u/ttt',
    ...more,
  };
}

/** What the push service was given, and what the browser reads of it. */
export interface Pushed {
  path: string;
  headers: IncomingHttpHeaders;
  bytes: number;
  payload: Payload;
  /** Claims of the sender's token (RFC 8292), whose signature is right. */
  vapid: { aud: string; exp: number; sub: string };
  vapidKey: string;
}

/** A browser with its subscription (RFC 8291): it alone can read what is sent to it. */
export interface Subscribed {
  device: Device;
  read(body: Buffer): Payload;
}

type Answers = Record<string, { status: number; headers?: Record<string, string> } | 'hang' | 'drop' | undefined>;

export interface PushService {
  url: string;
  pushed: Pushed[];
  /** By path of the subscription; others are taken (201). */
  answers: Answers;
  subscribe(path: string): Subscribed;
  /** A browser that subscribed elsewhere, as a device of this service. */
  adopt(path: string, browser: Subscribed): Device;
  close(): Promise<void>;
}

/** A push service (RFC 8030) that checks who sends, and reads with the browsers' keys what only they can. */
export async function pushService(): Promise<PushService> {
  const browsers = new Map<string, Subscribed>();
  const server = createServer(async (request, response) => {
    const { url: path = '', headers } = request;
    const body = await buffer(request);
    const answer = service.answers[path];
    if (answer === 'hang') return;
    const browser = browsers.get(path);
    if (answer === undefined && browser) {
      service.pushed.push({ path, headers, bytes: body.length, payload: browser.read(body), ...vapidOf(headers) });
      response.writeHead(201, { location: `${service.url}/m/message-${service.pushed.length}` }).end();
    } else if (answer === 'drop') response.destroy();
    else response.writeHead(answer?.status ?? 404, answer?.headers).end('words of the push service');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const service: PushService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pushed: [],
    answers: {},
    subscribe(path) {
      const subscribed = browserAt(service.url + path);
      browsers.set(path, subscribed);
      return subscribed;
    },
    adopt(path, browser) {
      browsers.set(path, browser);
      return { ...browser.device, address: service.url + path };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return service;
}

export function browserAt(address: string): Subscribed {
  const curve = createECDH('prime256v1');
  curve.generateKeys();
  const auth = randomBytes(16).toString('base64url');
  return {
    device: { address, keys: { p256dh: curve.getPublicKey('base64url'), auth } },
    read: (body) =>
      JSON.parse(ece.decrypt(body, { version: 'aes128gcm', privateKey: curve, authSecret: auth }).toString('utf8')),
  };
}

/** Throws where the token is not signed by the key that it names. */
function vapidOf({ authorization = '' }: IncomingHttpHeaders): Pick<Pushed, 'vapid' | 'vapidKey'> {
  const [, token = '', vapidKey = ''] = /^vapid t=([^,]+), k=(.+)$/.exec(authorization) ?? [];
  const [head = '', claims = '', signature = ''] = token.split('.');
  const point = Buffer.from(vapidKey, 'base64url');
  const coordinate = (from: number) => point.subarray(from, from + 32).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(33) };
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const };
  if (!verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url')))
    throw new Error('the VAPID token is not signed by its key');
  return { vapid: JSON.parse(Buffer.from(claims, 'base64url').toString()), vapidKey };
}
