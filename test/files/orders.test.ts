import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dateReader, isPattern } from '#scripts/files/dates.ts';
import { readMapping } from '#scripts/files/mapping.ts';
import { type OrderLine, orderLines } from '#scripts/files/orders.ts';

const folder = mkdtempSync(join(tmpdir(), 'vestnik-orders-'));
let files = 0;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function fileOf(content: string): string {
  const path = join(folder, `${files++}`);
  writeFileSync(path, content);
  return path;
}

const mappingOf = (mapping: object) => readMapping(fileOf(JSON.stringify(mapping)));

function read(content: string, mapping = {}) {
  return all(orderLines(fileOf(content), mappingOf(mapping), { zone: 'Europe/Moscow', currency: 'RUB' }));
}

const head = 'order_id,customer_id,date,product_id,quantity,price';

describe('lines of orders', () => {
  test('are read by our own names of columns where no mapping says otherwise', async () => {
    const [line] = await read(`${head}\nA-1,anna,2026-03-02 10:00,lamp,2,"1 299,90"\n`);
    expect(line).toEqual({
      line: 2,
      value: expect.objectContaining({
        ...{ order: 'A-1', customer: 'anna', product: 'lamp', quantity: 2, price: '1 299,90' },
        at: Date.parse('2026-03-02T07:00:00Z'),
      }),
    });
  });

  test('are read by the columns that the mapping names, in any order, and no other', async () => {
    const mapping = { order: 'Nr', customer: 'Kunde', date: 'Tag', product: 'Ware', quantity: 'Stück', price: 'Preis' };
    const more = {
      email: 'Mail',
      name: 'Titel',
      profile: 'Art',
      dateFormat: 'DD.MM.YYYY HH:mm',
      zone: 'Europe/Berlin',
    };
    const csv =
      'Titel;Mail;Nr;Kunde;Tag;Ware;Stück;Preis;Art;Rest\nLampe;a@example.com;7;42;02.03.2026 10:00;L;1;9,5;B2B;x\n';
    const [line] = await read(csv, { ...mapping, ...more });
    expect(line?.value).toMatchObject({
      ...{
        order: '7',
        customer: '42',
        product: 'L',
        quantity: 1,
        name: 'Lampe',
        email: 'a@example.com',
        isCorporate: true,
      },
      at: Date.parse('2026-03-02T09:00:00Z'),
    });
  });

  test('that say too little are left out, each with why and where', async () => {
    const lines = [
      ',anna,2026-03-02,lamp,1,5',
      'A-2,,2026-03-02,lamp,1,5',
      'A-3,anna,2026-03-02,,1,5',
      'A-4,anna,yesterday,lamp,1,5',
      'A-5,anna,2026-03-02,lamp,some,5',
      'A-6,anna,2026-03-02,lamp,-1,5',
      'A-7,anna,2026-03-02,lamp,1,free',
      'A-8,anna,2026-03-02,lamp,1,5',
    ];
    const found = await read(`${head}\n${lines.join('\n')}\n`);
    expect(
      found.map(({ line, value }) => [line, 'refused' in value ? value.refused : (value as OrderLine).order]),
    ).toEqual([
      [2, 'no order id'],
      [3, 'no customer'],
      [4, 'no product'],
      [5, 'the date is not of the format that the mapping names'],
      [6, 'the quantity is no number'],
      [7, 'a quantity below 1: what came back, and of which order is not said'],
      [8, 'the price is no amount'],
      [9, 'A-8'],
    ]);
  });
});

describe('a mapping that cannot be used is told of', () => {
  test('by the columns that are missing and those that are there', async () => {
    const said = read('Invoice,Kunde,date,product_id,quantity,price\n', { order: 'Invoice', customer: 'Customer' });
    await expect(said).rejects.toThrow(
      /has no column "Customer" \(customer\)\. It has: Invoice, Kunde, date, product_id, quantity, price\..*--map, such as \{"customer":"Invoice"\}/,
    );
  });

  test.each([
    [{ oder: 'Invoice' }, 'Unrecognized key: "oder"'],
    [{ dateFormat: 'YYYY-MM' }, 'dateFormat: must be "iso" or a pattern with year, month and day'],
    [{ zone: 'London' }, 'zone: must be an IANA time zone'],
    [{ currency: 'pounds' }, 'currency: must be an ISO 4217 code'],
    [{ signUp: 'always' }, 'signUp: '],
  ])('by each value that is wrong: %j', (mapping, said) => {
    expect(() => mappingOf(mapping)).toThrow(said);
  });

  test('by its path, where it cannot be read', () => {
    expect(() => readMapping(join(folder, 'nowhere.json'))).toThrow(
      /nowhere\.json \(the column mapping\): it cannot be read/,
    );
    expect(() => readMapping(fileOf('{'))).toThrow('it is no JSON');
  });
});

describe('dates', () => {
  test.each([
    ['iso', '2026-03-02T10:00:00Z', '2026-03-02T10:00:00Z'],
    ['iso', '2026-03-02 10:00:00+03:00', '2026-03-02T07:00:00Z'],
    ['iso', '2026-07-02 10:00', '2026-07-02T09:00:00Z'],
    ['iso', '2026-03-02', '2026-03-02T00:00:00Z'],
    ['M/D/YYYY H:mm', '12/1/2010 8:26', '2010-12-01T08:26:00Z'],
    ['M/D/YY h:mm A', '3/2/26 12:05 am', '2026-03-02T00:05:00Z'],
    ['M/D/YY h:mm A', '3/2/26 12:05 PM', '2026-03-02T12:05:00Z'],
    ['DD.MM.YYYY', '02.03.2026', '2026-03-02T00:00:00Z'],
    // The clock in London is put back at two: this quarter of an hour is there twice, and the first is taken.
    ['DD.MM.YYYY HH:mm', '25.10.2026 01:15', '2026-10-25T00:15:00Z'],
  ])('of the pattern %s: %s', (pattern, text, instant) => {
    expect(new Date(dateReader(pattern, 'Europe/London')(text) ?? Number.NaN).toISOString()).toBe(
      new Date(instant).toISOString(),
    );
  });

  test.each([
    ['iso', 'tomorrow'],
    ['iso', '2026-02-30'],
    ['DD.MM.YYYY', '31.02.2026'],
    ['DD.MM.YYYY', '2026-03-02'],
    ['M/D/YYYY', '13/1/2026'],
  ])('that are none of the pattern %s: %s', (pattern, text) => {
    expect(dateReader(pattern, 'Europe/London')(text)).toBeNull();
  });

  test('a pattern names year, month and day, each once', () => {
    expect(['iso', 'YYYY-MM-DD', 'D/M/YY'].every(isPattern)).toBe(true);
    expect(['YYYY-MM', 'DD.DD.YYYY', '', 'HH:mm'].some(isPattern)).toBe(false);
  });
});
