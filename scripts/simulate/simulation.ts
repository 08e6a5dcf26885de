import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, scaledClock, toBusiness } from '#domain/clock.ts';
import { durationMs } from '#domain/duration.ts';
import type { Rates } from '#simulator/rates.ts';
import { createShop } from '#simulator/shop.ts';
import { drive } from './drive.ts';
import { createHttp, type Http } from './http.ts';
import { openInbox } from './inbox.ts';
import type { SimulateOptions } from './options.ts';
import { type GatewaySink, gatewaySink } from './sink.ts';

export interface Simulation {
  /** A line about what has happened so far, for people. */
  progress(): string;
  /** Rejects when the gateway is gone for good. */
  done: Promise<void>;
  /** Ends at the next event; `done` resolves then. */
  stop(): void;
}

/** How often the inbox is looked at, on the wall. */
const lookMs = 100;
const day = durationMs('P1D');

/** Opens the simulated shop against a gateway, in its time. `rates`: what differs from the usual ones. */
export async function startSimulation(options: SimulateOptions, rates: Partial<Rates> = {}): Promise<Simulation> {
  const { url, seed, assortment, customers, days, scale } = options;
  const http = createHttp(options);
  const { clock, secret, close } = await acquaint(http, scale);
  const start = clock.now();
  const until = new Date(start.getTime() + days * day);
  const shop = createShop({ seed, assortment, customers, start, rates, shopUrl: `${url}/sample` });
  const gateway = gatewaySink({ http, clock, reportSecret: secret });
  const inbox = await openInbox(http, (wall) => new Date(toBusiness(Date.parse(wall), clock.time)));
  let isOver = false;
  const pass = () => sleep(lookMs);
  const running = drive({ shop, gateway, inbox, clock, until, pass, isOver: () => isOver });
  return {
    progress: () => lineOf(gateway, (clock.now().getTime() - start.getTime()) / day, days),
    done: running.then(close),
    stop() {
      isOver = true;
    },
  };
}

/**
 * The way in for what a provider of e-mail would tell: a secret of the simulation's own, forgotten when it ends. When it was made tells
 * what time it is in the shop: its clock may run faster than ours, and nobody else says since when.
 */
async function acquaint(http: Http, scale: number): Promise<{ clock: Clock; secret: string; close(): Promise<void> }> {
  const secret = randomBytes(24).toString('hex');
  const wall = Date.now();
  const body = { source: 'postmark', name: 'simulated shop', secret };
  const { id, createdAt } = await http.api<{ id: string; createdAt: string }>('POST', '/webhook-secrets', body);
  const business = Date.parse(createdAt);
  // Of all clocks of this scale the one that shows what the gateway's shows; at scale 1 there is but one.
  const origin = scale === 1 ? wall : (business - wall * scale) / (1 - scale);
  const close = () => http.api<void>('DELETE', `/webhook-secrets/${id}`);
  return { clock: scaledClock({ origin, scale }), secret, close };
}

function lineOf({ told }: GatewaySink, passed: number, days: number): string {
  const { events, orders, received, opened, clicked, unsubscribed } = told;
  const counts = { events, orders, 'messages received': received, opened, clicked, unsubscribed };
  const said = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return `day ${Math.min(passed, days).toFixed(1)} of ${days} · ${said.join(' · ')}`;
}
