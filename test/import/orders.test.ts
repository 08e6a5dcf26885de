import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { importing } from './support.ts';

/** Orders from files (P1): tables of lines, an accounting program's export, JSON Lines. */

const shop = await importing();
const { file, run, customer } = shop;
const rub = (amount: number) => ({ amount, currency: 'RUB' });

test('lines of one order are one order, with what its goods cost', async () => {
  const path = file(
    'orders.csv',
    [
      'order_id,customer_id,email,date,product_id,quantity,price,cost',
      'A-1,anna,Anna@Example.com,2026-01-05T10:00:00Z,lamp,2,100.50,60',
      'A-1,anna,Anna@Example.com,2026-01-05T10:00:00Z,bulb,1,99,40.5',
      'A-2,anna,Anna@Example.com,2026-02-01T10:00:00Z,bulb,3,99,',
    ].join('\n'),
  );
  expect(await run('orders', path)).toMatchObject({ imported: 2, unchanged: 0, refused: 0, line: 4 });
  const anna = await customer('userId=anna');
  expect(anna.orders).toMatchObject([
    { orderId: 'A-1', placedAt: '2026-01-05T10:00:00.000Z', total: rub(300_00), state: 'placed' },
    { orderId: 'A-2', total: rub(297_00) },
  ]);
  expect(anna.events).toMatchObject([{ name: 'Order Imported', source: 'import' }, { name: 'Order Imported' }]);
  const lines = await shop.db.selectFrom('order_lines').select(['product_id', 'cost']).where('order_id', '=', 'A-1');
  expect(await lines.orderBy('product_id').execute()).toEqual([
    { product_id: 'bulb', cost: 40_50 },
    { product_id: 'lamp', cost: 60_00 },
  ]);
});

/** What 1C writes: semicolons, windows-1251, decimal commas, a receipt's lines; customers known by card or phone. */
const receipts = [
  'Номер чека;Дата;Операция;Карта;Телефон;Код товара;Наименование;Количество;Сумма;Себестоимость',
  'Ч-001;05.01.2026 10:15:00;Продажа;4000 1234;;крем-1;Крем "Роза";2;1 299,90;300,25',
  'Ч-001;05.01.2026 10:15:00;Продажа;4000 1234;;мыло;Мыло;0,350;70,00;100,00',
  'Ч-002;06.01.2026 19:00:00;Продажа;;8 (916) 123-45-67;мыло;Мыло;1;200,00;',
  'Ч-003;07.01.2026 12:00:00;Возврат;4000 1234;;мыло;Мыло;1;200,00;',
];
const mapping = {
  order: 'Номер чека',
  date: 'Дата',
  state: 'Операция',
  card: 'Карта',
  phone: 'Телефон',
  product: 'Код товара',
  name: 'Наименование',
  quantity: 'Количество',
  sum: 'Сумма',
  cost: 'Себестоимость',
  dateFormat: 'DD.MM.YYYY HH:mm:ss',
  zone: 'Europe/Moscow',
  encoding: 'windows-1251',
  states: { Продажа: 'placed', Возврат: 'refunded' },
};

function windows1251(text: string): Buffer {
  const codes = new Map([...'абвгдежзийклмнопрстуфхцчшщъыьэюя'].map((letter, n) => [letter, 0xe0 + n]));
  for (const [letter, code] of [...codes]) codes.set(letter.toUpperCase(), code - 0x20);
  return Buffer.from([...text].map((letter) => codes.get(letter) ?? letter.charCodeAt(0)));
}

test('receipts of an accounting program: cards and phones are who bought, also with goods by weight and returns', async () => {
  const path = file('receipts.csv', windows1251(receipts.join('\r\n')));
  const map = file('mapping.json', JSON.stringify(mapping));
  expect(await run('orders', path, '--map', map)).toMatchObject({ imported: 3, refused: 0 });
  const buyer = await customer('phone=%2B79161234567');
  expect(buyer.orders).toMatchObject([{ orderId: 'Ч-002', placedAt: '2026-01-06T16:00:00.000Z', total: rub(200_00) }]);
  // The loyalty programme tells whose card it is.
  await shop.call('PUT', '/customers', { items: [] });
  const people = file('people.csv', 'customer_id,card,email\nvera,40001234,vera@example.com\n');
  expect(await run('customers', people)).toMatchObject({ imported: 1 });
  const vera = await customer('email=vera%40example.com');
  expect(vera.orders).toMatchObject([
    {
      orderId: 'Ч-001',
      total: rub(1369_90),
      lines: [
        { productId: 'крем-1', quantity: 2, price: rub(649_95) },
        { productId: 'мыло', quantity: 1, price: rub(70_00) },
      ],
    },
    { orderId: 'Ч-003', state: 'refunded' },
  ]);
});

test('lines of an order that stand apart are one order all the same', async () => {
  const rows = ['B-1,boris,lamp', 'B-2,boris,lamp', 'B-1,boris,bulb', 'B-3,boris,desk', 'B-2,boris,bulb'];
  const table = rows.map((row) => `${row},2026-03-01,10`).join('\n');
  const path = file('apart.csv', `order_id,customer_id,product_id,date,price\n${table}\n`);
  expect(await run('orders', path)).toMatchObject({ imported: 3, refused: 0, line: 5 });
  const { orders } = await customer('userId=boris');
  expect(
    orders.map((order: { orderId: string; lines: unknown[] }) => [order.orderId, order.lines.length]).sort(),
  ).toEqual([
    ['B-1', 2],
    ['B-2', 2],
    ['B-3', 1],
  ]);
});

test('what is wrong is refused with its line, field and reason, and the whole order with it; all else comes in', async () => {
  const path = file(
    'bad.csv',
    [
      'order_id,customer_id,email,date,product_id,quantity,price',
      'C-1,gleb,,2026-01-01,lamp,1,10',
      'C-2,gleb,,01.02.2026,lamp,1,10',
      'C-3,gleb,,2026-01-01,lamp,1,10',
      'C-3,gleb,,2026-01-01,bulb,1,ten',
      'C-4,,,2026-01-01,lamp,1,10',
      'C-5,gleb,nonsense,2026-01-01,lamp,1,10',
      'C-6,gleb,,2026-01-01,lamp,-1,10',
      'C-7,gleb,,2026-01-01,,1,10',
      ',gleb,,2026-01-01,lamp,1,10',
    ].join('\n'),
  );
  expect(await run('orders', path)).toMatchObject({ imported: 1, refused: 8 });
  expect(readFileSync(`${path}.refused.csv`, 'utf8').trim().split('\n')).toEqual([
    'line,field,reason',
    '3,date,is no date as `dateFormat` of the mapping says',
    '4,,belongs to what line 5 is refused of',
    '5,price,"is no amount: write 1299.90 or 1 299,90, and nothing below 0"',
    '6,userId,or another id of who ordered is needed',
    '7,email,must be an e-mail address',
    '8,quantity,"must be above 0: of what came back tell the order, with the state `refunded`"',
    '9,product_id,is empty',
    '10,order_id,is empty',
  ]);
  expect((await customer('userId=gleb')).orders).toHaveLength(1);
});

test('JSON Lines hold orders as the open API takes them', async () => {
  const order = { orderId: 'D-1', userId: 'dina', at: '2026-01-05T10:00:00Z', lines: [] as object[] };
  order.lines.push({ productId: 'lamp', quantity: 1, price: rub(5_00), cost: rub(2_00) });
  const path = file('orders.jsonl', `${JSON.stringify(order)}\nnonsense\n{"orderId": 5}\n`);
  expect(await run('orders', path)).toMatchObject({ imported: 1, refused: 2 });
  expect((await customer('userId=dina')).orders).toMatchObject([{ orderId: 'D-1', total: rub(5_00) }]);
});
