import type { Selectable } from 'kysely';
import { afterAll } from 'vitest';
import { createIntake } from '#db/intake.ts';
import { createKey } from '#db/keys.ts';
import type { OutboxRow } from '#db/outbox.ts';
import type { Devices } from '#db/schema.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { testGateway } from '#test/api/support.ts';
import { browserAt } from '#test/channels/push-service.ts';
import { freshDatabase } from '#test/support/database.ts';
import { manualClock, testRouting } from '#test/support/intake.ts';

export const publicKey = 'BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM';

/** A gateway with real intake, whose shop sends by web push. */
export async function siteGateway() {
  const database = await freshDatabase();
  const { db, pool } = database;
  const clock = manualClock();
  const relayed: OutboxRow[] = [];
  const push = (rows: OutboxRow[]) => void relayed.push(...rows);
  const shop: ShopSettings = { ...defaultShop, channels: ['email', 'web_push', 'app_push'] };
  const intake = createIntake({ pool, clock, routing: testRouting, onOutbox: push, shop: () => shop });
  afterAll(() => intake.close());
  const source = await createKey(db, 'sources', 'site', clock.now());
  const writeKey = source?.key ?? '';
  const webPush = { publicKey, services: ['push.example.com'] };
  const gateway = await testGateway(database, { clock, intake, relay: { push }, shop: () => shop, webPush });
  const ask = (method: string, path: string, body: unknown) =>
    gateway.request(path, { method, body: typeof body === 'string' ? body : JSON.stringify(body) });
  return {
    ...gateway,
    db,
    clock,
    relayed,
    writeKey,
    /** As `site.js` and its worker do: JSON as plain text. */
    subscription: (method: string, body: object) =>
      ask(method, '/site/v1/push/subscriptions', method === 'POST' ? { writeKey, ...body } : body),
    token: (method: string, body: object) =>
      ask(method, '/site/v1/push/tokens', method === 'POST' ? { writeKey, ...body } : body),
    ask,
    track: (call: string, body: object) => ask('POST', `/v1/${call}`, { writeKey, ...body }),
    async devices(userId: string, kind = 'user_id'): Promise<Selectable<Devices>[]> {
      const query = db.selectFrom('devices').innerJoin('identities', 'identities.customer_id', 'devices.customer_id');
      const theirs = query.where('identities.kind', '=', kind).where('identities.value', '=', userId);
      return theirs.selectAll('devices').orderBy('devices.address').execute();
    },
    async customer(value: string, kind = 'user_id'): Promise<string> {
      const query = db.selectFrom('identities').select('customer_id').where('kind', '=', kind);
      return (await query.where('value', '=', value).executeTakeFirstOrThrow()).customer_id;
    },
    /** What holds now, by channel. */
    async consent(userId: string): Promise<Record<string, string>> {
      const query = db.selectFrom('consent_states as s').innerJoin('identities as i', 'i.customer_id', 's.customer_id');
      const rows = await query.select(['s.channel', 's.state']).where('i.value', '=', userId).execute();
      return Object.fromEntries(rows.map(({ channel, state }) => [channel, state]));
    },
  };
}

let made = 0;

/** As a browser writes its subscription. */
export function newSubscription(endpoint = `https://fcm.googleapis.com/fcm/send/browser-${++made}`) {
  const { address, keys } = browserAt(endpoint).device;
  return { endpoint: address, expirationTime: null, keys: keys ?? { p256dh: '', auth: '' } };
}
