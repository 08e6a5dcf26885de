import { afterAll, expect, test } from 'vitest';
import { createIntake } from '#db/intake.ts';
import type { Routing } from '#domain/routing.ts';
import { testIntake } from '#test/support/intake.ts';

const { db, send, pool, clock, event, sourceId } = await testIntake();

test('an event with the name of something that every object has is stored like any other', async () => {
  const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];
  await send(...names.map((name, index) => ({ userId: `hostile-${index}`, event: name })), {
    userId: 'innocent',
    event: 'x',
  });
  const stored = await db
    .selectFrom('events')
    .select('name')
    .where('name', 'in', [...names, 'x'])
    .execute();
  expect(stored.map(({ name }) => name).sort()).toEqual([...names, 'x'].sort());
});

test('traits named like parts of every object are kept as said', async () => {
  const traits = JSON.parse(
    '{"__proto__": {"kind": "b2b"}, "constructor": "c", "toString": null, "email": "odd@example.com"}',
  );
  await send({ type: 'identify', userId: 'odd', traits }, { type: 'identify', userId: 'odd', traits });
  const stored = await db
    .selectFrom('customers')
    .select(['traits', 'kind'])
    .where('traits', '@>', { constructor: 'c' });
  const rows = await stored.execute();
  expect(rows).toHaveLength(1);
  expect(rows[0]?.kind).toBe('b2c');
  expect(Object.keys(rows[0]?.traits as object).sort()).toEqual(['__proto__', 'constructor', 'toString']);
});

test('an event that our own code stumbles over takes none of its flush with it', async () => {
  const routing: Routing = {
    get Broken(): never {
      throw new TypeError('a mistake of ours');
    },
  };
  const intake = createIntake({ pool, clock, routing, onOutbox: () => {} });
  afterAll(() => intake.close());
  const results = await Promise.allSettled(
    ['Fine', 'Broken', 'Good'].map((name) => intake.submit(sourceId, [event({ userId: 'near', event: name })])),
  );
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
