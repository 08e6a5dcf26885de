import { type Clock, toWall } from '#domain/clock.ts';
import type { AddressCall, MessageCall, ShopEvent, Sink, TrackingBody } from '#simulator/calls.ts';
import type { Http } from './http.ts';
import type { Letter } from './inbox.ts';

/** The simulated shop's way into a gateway: what its website, its catalogue, its customers and its provider of e-mail would send. */
export interface GatewaySink {
  sink: Sink;
  /** Resolves when all that was told is taken. */
  flush(): Promise<void>;
  /** A message that somebody of the shop will do something about. */
  hold(letter: Letter): void;
  /** So many of each, for people. */
  readonly told: Told;
}

export interface Told {
  events: number;
  orders: number;
  /** Messages that reached somebody of the shop. */
  received: number;
  opened: number;
  clicked: number;
  unsubscribed: number;
}

interface Options {
  http: Http;
  /** The gateway's. */
  clock: Clock;
  /** What the webhook of the provider of e-mail is opened with. */
  reportSecret: string;
}

/** Segment's clients send so many at once. */
const batchSize = 100;

export function gatewaySink({ http, clock, reportSecret }: Options): GatewaySink {
  const letters = new Map<string, Letter>();
  const told: Told = { events: 0, orders: 0, received: 0, opened: 0, clicked: 0, unsubscribed: 0 };
  let waiting: { at: Date; body: TrackingBody }[] = [];

  const onWall = (at: Date) => new Date(toWall(at.getTime(), clock.time)).toISOString();

  async function flush(): Promise<void> {
    if (waiting.length === 0) return;
    const batch = waiting.map(({ at, body }) => ({ ...body, timestamp: onWall(at) }));
    waiting = [];
    await http.tracking({ batch, sentAt: onWall(clock.now()) });
  }

  const sink: Sink = async ({ at, call }: ShopEvent) => {
    if (call.to === 'tracking') {
      told.events += 1;
      if (call.body.event === 'Order Completed') told.orders += 1;
      waiting.push({ at, body: call.body });
      if (waiting.length >= batchSize) await flush();
      return;
    }
    // In the order in which it happened.
    await flush();
    if (call.to === 'catalogue') await http.api('PUT', '/products', { items: call.items });
    else if (call.to === 'addresses') await tellAddress(http, call);
    else await answer(call);
  };

  async function answer(call: MessageCall): Promise<void> {
    const letter = letters.get(call.message.id);
    if (letter === undefined) return;
    const { did } = call;
    if (did === 'delivered' || did === 'bounced' || did === 'complained') return report(http, call, reportSecret);
    told[did] += 1;
    if (did === 'opened' && letter.pixel !== null) await visit(http, letter.pixel, call);
    if (did === 'clicked') await visit(http, linkOf(letter, call), call);
    if (did === 'unsubscribed' && letter.unsubscribe !== null) await unsubscribe(http, letter.unsubscribe);
  }

  function hold(letter: Letter): void {
    told.received += 1;
    letters.set(letter.message.id, letter);
  }

  return { sink, flush, told, hold };
}

function linkOf({ links }: Letter, { whichLink = 0 }: MessageCall): string {
  return links[Math.floor(whichLink * links.length)] ?? '/';
}

/** As a browser, or what fetches pictures for it; where a link leads to is not followed. */
async function visit(http: Http, path: string, { userAgent = '' }: MessageCall): Promise<void> {
  const answer = await http.send(path, { redirect: 'manual', headers: { 'user-agent': userAgent } });
  await answer.arrayBuffer();
}

/** The one click of a mail program (RFC 8058). */
async function unsubscribe(http: Http, path: string): Promise<void> {
  const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' });
  await (await http.send(path, { method: 'POST', body })).arrayBuffer();
}

const reports = {
  delivered: { RecordType: 'Delivery' },
  bounced: { RecordType: 'Bounce', Type: 'HardBounce' },
  complained: { RecordType: 'SpamComplaint' },
};

/** What a provider of e-mail tells, in the words of Postmark: the inbox of development machines tells nothing by itself. */
async function report(http: Http, { message, did }: MessageCall, secret: string): Promise<void> {
  if (message.channel !== 'email') return;
  const about = { MessageID: message.id, ID: message.id, Recipient: message.to, Email: message.to };
  const body = { ...reports[did as keyof typeof reports], ...about, Metadata: { vestnik_id: message.id } };
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  await (await http.send(`/webhooks/postmark?token=${secret}`, init)).arrayBuffer();
}

/** An app's token goes by the open API; a chat is only ever linked by the bot that is in it. */
async function tellAddress(http: Http, { userId, channel, address }: AddressCall): Promise<void> {
  if (channel !== 'app_push') return;
  const query = `/customers?userId=${encodeURIComponent(userId)}`;
  const { items } = await http.api<{ items: { id: string }[] }>('GET', query);
  const [customer] = items;
  if (customer === undefined) return;
  const device = { channel, token: address };
  await http.api('PUT', `/customers/${customer.id}/devices`, { items: [device] });
}
