import { expect, test } from 'vitest';
import { type ContactAnswer, decideContacts } from '#activities/contacts.ts';
import type { ContactRequest } from '#db/contacts.ts';
import { newId } from '#db/ids.ts';
import { saveSettings } from '#db/settings.ts';
import type { ContactClass } from '#domain/journey.ts';
import type { PolicySettings } from '#domain/policy.ts';
import { defaultShop } from '#domain/shop.ts';
import { freshDatabase } from '#test/support/database.ts';

/** Monday noon in Moscow. */
const start = new Date('2026-05-04T09:00:00Z');
const hour = 3_600_000;
const day = 24 * hour;
const later = (ms: number) => new Date(start.getTime() + ms);

const { db, pool } = await freshDatabase();
await saveSettings(db, 'shop', defaultShop, 'test', start);

const aDay = (max: number): PolicySettings => ({
  rules: [{ name: 'a-day', channels: [], classes: [], max, window: 'P1D', clock: 'calendar', unit: 'message' }],
});

async function customersOf(many: number): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `with made as (insert into customers (id, created_at) select uuidv7(), $1 from generate_series(1, $2) returning id)
     insert into profiles (customer_id, kind, email) select id, 'personal', id || '@example.com' from made returning customer_id as id`,
    [start, many],
  );
  return rows.map(({ id }) => id);
}

/** A live run, as every message has one; with `plan` it waits to send something. */
async function runOf(
  customerId: string,
  of: ContactClass,
  plan: { due: Date; until: Date } | null = null,
): Promise<string> {
  const id = newId(start);
  const times = { trigger_at: start, entered_at: start, read_seq: 0, settings_version: 1 };
  const waits = plan && {
    due_at: plan.due,
    plan: JSON.stringify({
      message: 'm',
      channel: 'email',
      until: plan.until.getTime(),
      obeys: true,
      counts: true,
      sale: false,
    }),
  };
  const row = {
    id,
    workflow_id: `w:${id}`,
    journey: 'lifecycle',
    class: of,
    key: '',
    customer_id: customerId,
    ...times,
    ...waits,
  };
  await db.insertInto('runs').values(row).execute();
  return id;
}

const request = (customerId: string, runId: string, over: Partial<ContactRequest> = {}): ContactRequest => ({
  customerId,
  profile: 'personal',
  runId,
  journey: 'campaign',
  class: 'bulk',
  block: 'mailing',
  iteration: 1,
  channel: 'email',
  template: 'mailing',
  flags: { kind: 'marketing', obeys: true, counts: true, sale: false, quietHours: true },
  due: start,
  validForMs: 2 * hour,
  ...over,
});
const batch = (now = start) => ({ now, topic: 'offers' as const, settingsVersion: 1 });
const wentTo = (answers: ContactAnswer[]) =>
  answers.map((one) => (one.answer === 'decided' ? one.decision.decision : one.answer));

test('a batch is one decision after another: what is sent takes its slot for the requests behind it', async () => {
  await saveSettings(db, 'policy', aDay(2), 'test', start);
  const [anna = '', boris = ''] = await customersOf(2);
  const [one, other] = [await runOf(anna, 'bulk'), await runOf(boris, 'bulk')];
  const requests = [1, 2, 3].map((iteration) => request(anna, one, { iteration }));
  const answers = await decideContacts(db, [...requests, request(boris, other), request(newId(start), one)], batch());
  expect(wentTo(answers)).toEqual(['send', 'send', 'drop', 'send', 'gone']);
  const again = await decideContacts(db, requests, batch(later(hour)));
  expect(again.slice(0, 2)).toEqual(
    [0, 1].map((place) => ({ answer: 'known', state: 'reserved', messageId: messageOf(answers[place]) })),
  );
  expect(wentTo(again)[2]).toBe('drop');
});

const messageOf = (answer: ContactAnswer | undefined) => (answer?.answer === 'decided' ? answer.messageId : null);

test('a planned contact of a higher class keeps its slot against a batch', async () => {
  await saveSettings(db, 'policy', aDay(1), 'test', start);
  const [anna = '', boris = ''] = await customersOf(2);
  const plan = { due: later(3 * hour), until: later(day) };
  for (const id of [anna, boris]) await runOf(id, id === anna ? 'lifecycle' : 'bulk', plan);
  const requests = [anna, boris].map((id) => request(id, newId(start), { runId: '' }));
  const own = await Promise.all(requests.map(({ customerId }) => runOf(customerId, 'bulk')));
  const answers = await decideContacts(
    db,
    requests.map((one, place) => ({ ...one, runId: own[place] ?? '' })),
    batch(),
  );
  expect(wentTo(answers)).toEqual(['drop', 'send']);
  const rows = await db.selectFrom('decisions').select(['reason']).where('customer_id', '=', anna).execute();
  expect(rows).toEqual([{ reason: 'expired:planned:a-day' }]);
});

test('sixteen at once, thousands of contacts for the same people: no cap is exceeded, nobody deadlocks, none gets less', async () => {
  const max = 3;
  await saveSettings(db, 'policy', aDay(max), 'test', start);
  const people = await customersOf(40);
  const runs = new Map(await Promise.all(people.map(async (id) => [id, await runOf(id, 'bulk')] as const)));
  const batches = Array.from({ length: 64 }, (_, number) =>
    Array.from({ length: 50 }, (_, place) => {
      // Everybody in another order, and some twice.
      const id = people[(place * 7 + number * 13) % people.length] ?? '';
      return request(id, runs.get(id) ?? '', {
        iteration: number * 100 + place,
        class: number % 2 ? 'abandonment' : 'bulk',
      });
    }),
  );
  const answers: ContactAnswer[] = [];
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let one = batches.pop(); one; one = batches.pop()) answers.push(...(await decideContacts(db, one, batch())));
    }),
  );
  expect(answers).toHaveLength(3_200);
  const sent = await db
    .selectFrom('messages')
    .select(({ fn }) => ['customer_id', fn.countAll<string>().as('many')])
    .where('customer_id', 'in', people)
    .groupBy('customer_id')
    .execute();
  expect(sent.map(({ many }) => Number(many))).toEqual(people.map(() => max));
  expect(answers.filter((one) => one.answer === 'decided' && one.decision.decision === 'send')).toHaveLength(
    max * people.length,
  );
  const lines = await db
    .selectFrom('decisions')
    .select(({ fn }) => fn.countAll<string>().as('many'))
    .where('customer_id', 'in', people)
    .executeTakeFirstOrThrow();
  expect(Number(lines.many)).toBe(answers.length);
});

test('more than five hundred are refused, and whoever cannot be written to is told so', async () => {
  const [anna = ''] = await customersOf(1);
  const many = Array.from({ length: 501 }, () => request(anna, newId(start)));
  await expect(decideContacts(db, many, batch())).rejects.toThrow('at most 500');
  const own = await runOf(anna, 'bulk');
  const [answer] = await decideContacts(db, [request(anna, own, { channel: 'sms' })], batch());
  expect(answer).toMatchObject({ decision: { decision: 'suppress', reason: 'unreachable:no_provider' } });
});

test('who ask for one contact each at the same time get their own answers, and no cap is exceeded', async () => {
  await saveSettings(db, 'policy', aDay(2), 'test', later(3 * day));
  const now = later(4 * day);
  const people = await customersOf(6);
  const runs = await Promise.all(people.map((id) => runOf(id, 'bulk')));
  const asked = Array.from({ length: 30 }, (_, index) => {
    const [customerId = '', runId = ''] = [people[index % 6], runs[index % 6]];
    return request(customerId, runId, { iteration: Math.floor(index / 6) + 1, due: now });
  });
  const answers = (await Promise.all(asked.map((one) => decideContacts(db, [one], batch(now))))).flat();
  for (const [place, id] of people.entries()) {
    const theirs = answers.filter((_, index) => index % 6 === place);
    expect(wentTo(theirs).filter((went) => went === 'send')).toHaveLength(2);
    const { rows } = await pool.query('select id from messages where customer_id = $1 order by id', [id]);
    const told = theirs.flatMap((one) => (one.answer === 'decided' && one.messageId !== null ? [one.messageId] : []));
    expect(rows.map((row) => row.id)).toEqual(told.toSorted());
  }
});

test('a contact that the database refuses fails alone', async () => {
  const now = later(5 * day);
  const [anna = '', boris = ''] = await customersOf(2);
  const asked = [
    request(anna, await runOf(anna, 'bulk'), { due: now, block: 'a\u0000' }),
    request(boris, await runOf(boris, 'bulk'), { due: now }),
  ];
  const [refused, sent] = await Promise.allSettled(asked.map((one) => decideContacts(db, [one], batch(now))));
  expect(refused).toMatchObject({ status: 'rejected', reason: { code: '22P05' } });
  expect(sent).toMatchObject({ status: 'fulfilled', value: [{ answer: 'decided', decision: { decision: 'send' } }] });
  const { rows } = await pool.query('select id from messages where customer_id = $1', [boris]);
  expect(rows).toHaveLength(1);
});
