import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type pg from 'pg';
import { pino } from 'pino';
import { segmentRouter } from '#api/segment/router.ts';
import { connect } from '#db/connect.ts';
import { createIntake } from '#db/intake.ts';
import type { OutboxRow } from '#db/outbox.ts';
import { type Clock, scaledClock } from '#domain/clock.ts';
import type { Routing } from '#domain/routing.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { routing as realRouting } from '#workflows/catalogue.ts';

export interface SegmentGateway {
  url: string;
  /** Outbox rows handed over after commits. */
  outbox: OutboxRow[];
  close(): Promise<void>;
}

interface Options {
  pool: pg.Pool;
  clock?: Clock;
  routing?: Routing;
  shop?: ShopSettings;
  port?: number;
}

/** The intake routes alone, on real HTTP and the given database: nothing that relays or sends. */
export async function segmentGateway({ pool, clock, routing, shop, port = 0 }: Options): Promise<SegmentGateway> {
  const time = clock ?? scaledClock({ origin: 0, scale: 1 });
  const outbox: OutboxRow[] = [];
  const settings = shop === undefined ? {} : { shop: () => shop };
  const intake = createIntake({
    pool,
    clock: time,
    routing: routing ?? realRouting,
    onOutbox: (rows) => outbox.push(...rows),
    ...settings,
  });
  const app = express();
  app.use(segmentRouter({ db: connect(pool), clock: time, intake, log: pino({ level: 'silent' }), ...settings }));
  const server = createServer(app).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    outbox,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await intake.close();
    },
  };
}
