import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { pino } from 'pino';
import { createListener } from '#api/listener.ts';
import { connect, createPool } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import { createIntake } from '#db/intake.ts';
import { scaledClock } from '#domain/clock.ts';
import { routing } from '#workflows/catalogue.ts';

/** The servers that are compared, each in a process of its own: `server.ts gateway|floor DATABASE_URL`. */
const [kind, databaseUrl = ''] = process.argv.slice(2);
const pool = createPool(databaseUrl, 10);
const server = createServer(kind === 'floor' ? floor() : gateway()).listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
process.on('SIGTERM', () => process.exit(0));

/** The gateway as it is, but that nothing relays its outbox: no Temporal server takes of the machine. */
function gateway(): RequestListener {
  const clock = scaledClock({ origin: 0, scale: 1 });
  return createListener({
    db: connect(pool),
    pool,
    clock,
    intake: createIntake({ pool, clock, routing, onOutbox: () => {} }),
    relay: { push: () => {} },
    log: pino({ level: 'error' }, pino.destination(2)),
    secret: 'a secret of the benchmarks, never used',
    publicUrl: 'http://127.0.0.1',
    links: { temporalUi: null, inbox: null },
    temporal: { healthy: async () => true },
  });
}

/** What one would write by hand: parse, one INSERT, answer. It neither de-duplicates nor projects. */
function floor(): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.post('/v1/:type', express.json(), async (request, response) => {
    const { messageId, event, userId = null, anonymousId } = request.body;
    await pool.query(
      `insert into floor_events (id, received_at, message_id, type, name, user_id, anonymous_id, payload)
       values ($1, now(), $2, $3, $4, $5, $6, $7)`,
      [
        newId(new Date()),
        messageId,
        request.params.type,
        event ?? request.params.type,
        userId,
        anonymousId,
        request.body,
      ],
    );
    response.json({ success: true });
  });
  return app;
}
