import { expect, test } from 'vitest';
import { dataFrameOf } from '#scripts/backtest/rda.ts';

const int = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const real = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
};

/** Writes what R's `save` writes, as R-ints.html has it. */
const [symbolType, pairsType, charactersType, integerType, realType, textType, listType] = [1, 2, 9, 13, 14, 16, 19];
const [attributes, tag, nil] = [0x200, 0x400, int(254)];
const characters = (text: string | null) =>
  text === null
    ? [int(charactersType), int(-1)]
    : [int(0x40000 | charactersType), int(Buffer.byteLength(text)), Buffer.from(text)];
const symbol = (name: string) => [int(symbolType), ...characters(name)];
const pair = (name: Buffer[], value: Buffer[]) => [int(pairsType | tag), ...name, ...value];
const texts = (values: (string | null)[]) => [int(textType), int(values.length), ...values.flatMap(characters)];

/** The second use of a symbol is a reference to the first. */
const reference = (index: number) => [int((index << 8) | 255)];

const classOf = (name: Buffer[], value: string) => [...pair(name, texts([value])), nil];
const factor = [
  ...[int(integerType | attributes), int(3), int(2), int(1), int(-(2 ** 31))],
  ...pair(symbol('levels'), texts(['France', 'Норвегия'])),
  ...classOf(symbol('class'), 'factor'),
];
const instants = [
  ...[int(realType | attributes), int(3), real(1_291_191_960), real(0), real(Number.NaN)],
  ...classOf(reference(3), 'POSIXct'),
];
const frame = [
  ...[int(listType | attributes), int(4)],
  ...[...factor, ...instants],
  ...[int(realType), int(3), real(2.55), real(Number.NaN), real(-1)],
  ...texts(['536365', 'with "quotes"', null]),
  ...[...pair(symbol('names'), texts(['Country', 'InvoiceDate', 'UnitPrice', 'InvoiceNo'])), nil],
];

function saved(version: 2 | 3, objects: Buffer[]): Buffer {
  const encoding = version === 3 ? [int(5), Buffer.from('UTF-8')] : [];
  const head = [Buffer.from(`RDX${version}\nX\n`), int(version), int(0x40301), int(0x20300), ...encoding];
  return Buffer.concat([...head, ...objects]);
}

test.each([2, 3] as const)(
  'a data frame that R saved in version %i is read: factors, instants, numbers, texts, what is missing',
  (version) => {
    const columns = dataFrameOf(saved(version, [...pair(symbol('onlineretail'), frame), nil]));
    expect(Object.fromEntries(columns)).toEqual({
      Country: { kind: 'text', values: ['Норвегия', 'France', null] },
      InvoiceDate: { kind: 'instant', values: [1_291_191_960, 0, null] },
      UnitPrice: { kind: 'number', values: [2.55, null, -1] },
      InvoiceNo: { kind: 'text', values: ['536365', 'with "quotes"', null] },
    });
  },
);

test('what is no data frame of R is told of', () => {
  expect(() => dataFrameOf(Buffer.from('id,name\n'))).toThrow('no file that R saved');
  expect(() => dataFrameOf(saved(3, [...pair(symbol('x'), texts(['a'])), nil]))).toThrow('No data frame');
});
