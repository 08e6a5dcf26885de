import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { checkInvariants } from '#db/invariants.ts';
import { saveSettings } from '#db/settings.ts';
import { drive } from '#scripts/simulate/drive.ts';
import { createHttp, type Http } from '#scripts/simulate/http.ts';
import { type Letter, openInbox } from '#scripts/simulate/inbox.ts';
import { gatewaySink } from '#scripts/simulate/sink.ts';
import { createShop, type Shop } from '#simulator/shop.ts';
import { journeyRules } from '#test/support/rules.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

/** More goes on than usual, so that a fortnight of a few customers meets what a year of many would. */
const rates = { cartVisits: 0.4, favouriteVisits: 0.3, opens: 0.7, clicks: 0.3, unsubscribes: 0.03, bounces: 0.03 };
const [customers, days, seed] = [15, 14, 12];
const hour = 3_600_000;

const shopSettings = { channels: ['email', 'app_push', 'sms'], quietHours: { from: '21:00', to: '09:00' } } as const;
const system = await startSystem(await timeSkipping(), {
  shop: { ...shopSettings, channels: [...shopSettings.channels] },
});
const { db, clock } = system;

/** Whoever is asked reads the time-skipping server's clock, and signals go while time is locked. */
function inItsTime(http: Http): Http {
  const during = async <T>(ask: () => Promise<T>): Promise<T> => {
    await system.refresh();
    const answer = await ask();
    await system.relayed();
    return answer;
  };
  return {
    tracking: (body) => during(() => http.tracking(body)),
    api: (method, path, body) => during(() => http.api(method, path, body)),
    send: (path, init) => during(() => http.send(path, init)),
  };
}

const journeys = {
  abandonment: { repeatAfter: 'P3D', expensiveFrom: 1_500_000, cascade: cascadeOf('email', 'app_push', 'sms') },
};

const everything = { channels: [], classes: [], unit: 'message' };

function cascadeOf(...channels: string[]) {
  return { channels: channels.map((channel) => ({ channel, advanceWhen: 'not_opened', after: 'PT6H' })) };
}

async function counted(
  query: ReturnType<typeof sql<{ name: string; count: number }>>,
): Promise<Record<string, number>> {
  const { rows } = await query.execute(db);
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

await system.put('/journeys/abandonment/settings', journeys.abandonment);
await system.put('/settings/policy', {
  rules: [{ ...everything, name: 'four-in-7-days', max: 4, window: 'P7D', clock: 'rolling' }],
});
const http = inItsTime(createHttp(system));
const { body: opened } = await system.call('POST', '/webhook-secrets', { source: 'postmark', name: 'test' });
const gateway = gatewaySink({ http, clock, reportSecret: encodeURIComponent(opened.secret) });
const inbox = await openInbox(http, () => clock.now());
/** What reached the shop's customers. */
const letters: Letter[] = [];

const check = (isAtRest: boolean) =>
  checkInvariants(db, { now: clock.now(), journeys: journeyRules(journeys), isAtRest });

/** Lets a shop live so long, and looks at every third day whether all is well. */
async function live(shop: Shop, until: Date): Promise<void> {
  let checkedAt = clock.now().getTime();
  await drive({
    ...{ shop, gateway, clock, until },
    inbox: {
      async fresh() {
        const fresh = await inbox.fresh();
        letters.push(...fresh);
        return fresh;
      },
    },
    async pass(next) {
      // A cascade and its reader want to be looked at now and then; whole nights nothing happens.
      const ahead = Math.min(next?.getTime() ?? Number.POSITIVE_INFINITY, until.getTime()) - clock.now().getTime();
      await system.pass(Math.max(hour / 4, Math.min(2 * hour, ahead)));
      await system.refresh();
      if (clock.now().getTime() - checkedAt < 3 * 24 * hour) return;
      checkedAt = clock.now().getTime();
      expect(await check(false)).toEqual([]);
    },
  });
  await system.relayed();
}

test('a fortnight of a shop: many ways are walked, and no promise is broken', { timeout: 300_000 }, async () => {
  await system.refresh();
  const start = clock.now();
  await live(createShop({ seed, customers, start, rates, goods: 40 }), new Date(start.getTime() + days * 24 * hour));
  expect(await check(true)).toEqual([]);

  const blocks = await counted(sql`select block as name, count(*)::int as count from run_blocks group by 1`);
  const outcomes = await counted(
    sql`select outcome as name, count(*)::int as count from runs where ended_at is not null group by 1`,
  );
  const channels = await counted(
    sql`select channel as name, count(*)::int as count from messages where state <> 'dropped' group by 1`,
  );
  const decisions = await counted(sql`select decision as name, count(*)::int as count from decisions group by 1`);
  expect(gateway.told.received).toBeGreaterThan(20);
  const branches = new Set(Object.keys(blocks).map((block) => block.replace(/-\d$/, '')));
  // `idle`, and of the ways out of it the strongest and most others: which, depends on the hour at which the story begins.
  expect([...branches]).toEqual(expect.arrayContaining(['idle', 'cart']));
  expect(branches.size).toBeGreaterThanOrEqual(4);
  expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(['goal', 'completed']));
  expect(Object.keys(channels).length).toBeGreaterThanOrEqual(2);
  expect(Object.keys(decisions)).toEqual(expect.arrayContaining(['send', 'defer']));
  expect(gateway.told.opened).toBeGreaterThan(5);
  expect(await brokenUnderStricterPolicy(start)).toContain('the policy’s caps are kept');
});

/** That nothing was found says something only if it would have been: had one message a week been the rule from the first day. */
async function brokenUnderStricterPolicy(since: Date): Promise<string[]> {
  const rule = { ...everything, name: 'one', max: 1, window: 'P7D', clock: 'rolling' };
  const trx = await db.startTransaction().execute();
  await saveSettings(trx, 'policy', { rules: [rule] }, 'test', new Date(since.getTime() - 1));
  const violations = await checkInvariants(trx, { now: clock.now() });
  await trx.rollback().execute();
  return violations.map(({ invariant }) => invariant);
}

describe('what a reader does reaches the ledger', () => {
  /** Letters that were taken and that nobody has answered, one for each way of answering. */
  const unanswered = async () => {
    const rows = await db.selectFrom('messages').select('id').where('state', 'in', ['accepted', 'delivered']);
    const open = await rows.where('clicked_at', 'is', null).where('channel', '=', 'email').execute();
    return letters.filter(({ message }) => open.some(({ id }) => id === message.id));
  };
  const userAgent = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0';

  test.each([
    ['opened', { userAgent }, { opened_by: 'human' }],
    ['clicked', { userAgent, whichLink: 0.5 }, { opened_by: 'human', clicked_at: expect.any(Date) }],
    ['unsubscribed', {}, { unsubscribed_at: expect.any(Date) }],
    ['complained', {}, { complained_at: expect.any(Date) }],
    ['bounced', {}, { state: 'failed', failed_at: expect.any(Date) }],
  ] as const)('%s', async (did, how, expected) => {
    await system.refresh();
    const letter = (await unanswered()).shift();
    if (letter === undefined) expect.fail('every letter was answered');
    await gateway.sink({ at: clock.now(), call: { to: 'message', message: letter.message, did, ...how } });
    const row = await db.selectFrom('messages').selectAll().where('id', '=', letter.message.id).executeTakeFirst();
    expect(row).toMatchObject(expected);
    expect(await check(true)).toEqual([]);
  });
});
