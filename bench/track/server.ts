import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { pino } from 'pino';
import { createListener } from '#api/listener.ts';
import { connect, createPool } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import { scaledClock } from '#domain/clock.ts';

/** The servers that are compared, each in a process of its own: `server.ts gateway|floor DATABASE_URL SECRET`. */
const [kind, databaseUrl = '', secret = ''] = process.argv.slice(2);
const pool = createPool(databaseUrl, 10);
const server = createServer(kind === 'floor' ? floor() : gateway()).listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
process.on('SIGTERM', () => process.exit(0));

function gateway(): RequestListener {
  return createListener({
    db: connect(pool),
    pool,
    clock: scaledClock({ origin: 0, scale: 1 }),
    intake: { submit: async () => {} },
    relay: { push: () => {} },
    log: pino({ level: 'error' }, pino.destination(2)),
    secret,
    publicUrl: 'http://127.0.0.1',
    links: { temporalUi: null, inbox: null },
    temporal: { healthy: async () => true },
  });
}

/** What one would write by hand: one INSERT, and on. It checks no signature, looks up no link and tells no machine. */
function floor(): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.get('/t/:kind/:token', async (request, response) => {
    const { kind: what, token } = request.params;
    await pool.query('insert into floor_visits (id, at, kind, token, user_agent) values ($1, now(), $2, $3, $4)', [
      newId(new Date()),
      what,
      token,
      request.headers['user-agent'],
    ]);
    response.redirect('https://shop.example/cart');
  });
  return app;
}
