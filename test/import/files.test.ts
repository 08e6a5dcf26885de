import { describe, expect, test } from 'vitest';
import { importing } from './support.ts';

/** Files that cannot be read as they are: one sentence says what to do. */

const shop = await importing();
const { file, run } = shop;

const good = 'order_id,customer_id,date,product_id,price\n';
const row = 'A-1,anna,2026-01-01,lamp,10\n';

describe('one sentence says what to do', () => {
  test.each([
    [
      'an empty file',
      'orders',
      '',
      [],
      /is empty: give a CSV file whose first line names its columns, or JSON Lines\.$/,
    ],
    [
      'another delimiter',
      'orders',
      'order_id^date^product_id\nA^2026-01-01^lamp\n',
      [],
      /one column only.* --delimiter ";"\.$/,
    ],
    [
      'a missing column',
      'orders',
      'order_id,day,product_id\nA,2026-01-01,lamp\n',
      [],
      /has no column "date"\. It has: order_id, day, product_id\..* --map, such as \{"date":"order_id"\}\.$/,
    ],
    [
      'a column twice',
      'orders',
      'order_id,date,product_id,date\n',
      [],
      /has two columns "date": rename one of them\.$/,
    ],
    [
      'an unknown encoding',
      'orders',
      good + row,
      ['--encoding', 'cp-nothing'],
      /encoding "cp-nothing" is not known: say utf-8, windows-1251/,
    ],
    ['an unknown option', 'orders', good + row, ['--live-now'], /the options are --map, --delimiter/],
    [
      'a delimiter of two characters',
      'orders',
      good + row,
      ['--delimiter', ';;'],
      /give one character, such as ";", or tab\.$/,
    ],
    ['no such kind', 'people', good + row, [], /npm run import -- customers\|orders\|products FILE$/],
  ])('%s', async (name, kind, content, args, said) => {
    expect(await run(kind, file(`${name}.csv`, content), ...args)).toEqual({ failed: expect.stringMatching(said) });
  });

  test('a file that is not there', async () => {
    expect(await run('orders', '/nowhere/orders.csv')).toEqual({
      failed: '/nowhere/orders.csv cannot be read: give the path of a file.',
    });
  });

  test('what is not UTF-8, with the line', async () => {
    const bytes = Buffer.concat([Buffer.from(good + row), Buffer.from([0x41, 0x2d, 0xcb, 0xe0, 0x2c, 0x0a])]);
    expect(await run('orders', file('encoded.csv', bytes))).toEqual({
      failed: expect.stringMatching(/^Line 3 of .* is not utf-8: name the encoding .* windows-1251/),
    });
  });

  test('a mapping with a word that is none', async () => {
    const map = file('map.json', JSON.stringify({ orders: 'Nr' }));
    expect(await run('orders', file('mapped.csv', good + row), '--map', map)).toEqual({
      failed: expect.stringMatching(/cannot be used for orders:\n {2}.*orders/),
    });
  });

  test('nothing of such a file came in', async () => {
    expect(await shop.db.selectFrom('orders').selectAll().execute()).toEqual([]);
    expect(await shop.db.selectFrom('imports').selectAll().execute()).toEqual([]);
  });
});

test('a mapping names traits and how they are read; other columns stay out', async () => {
  const path = file('people.csv', 'Логин;Имя;VIP;Чеков;Пометка\nu9;Анна;да;1 200,5;x\nu10;Олег;может быть;2;x\n');
  const traits = {
    firstName: 'Имя',
    vip: { column: 'VIP', as: 'boolean' },
    visits: { column: 'Чеков', as: 'number' },
  };
  const map = file('traits.json', JSON.stringify({ customer: 'Логин', traits }));
  const ended = await run('customers', path, '--map', map);
  expect(ended).toMatchObject({ imported: 1, refused: 1, told: ['Columns that are not used: Пометка.\n'] });
  expect((await shop.customer('userId=u9')).traits).toEqual({ firstName: 'Анна', vip: true, visits: 1200.5 });
});
