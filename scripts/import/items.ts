import type { Properties } from '#domain/shapes.ts';
import { type Cells, consentWords } from './cells.ts';
import type { ImportKind, Mapping } from './mapping.ts';

/** How a line of a table becomes an item of the open API: `PUT /orders`, `/customers`, `/products`. */
export interface ItemReader {
  read(cells: Cells, mapping: Mapping): Properties;
  /** The column whose value tells items apart that have several lines; null: each line is an item. */
  key: string | null;
  /** What several lines of one item add up. */
  parts: string | null;
}

const profileOf = (cells: Cells, { corporate }: Mapping) => {
  const said = cells.text('profile')?.toLowerCase();
  if (said === undefined) return undefined;
  return corporate.some((word) => word.toLowerCase() === said) ? 'corporate' : 'personal';
};

const people = (cells: Cells, mapping: Mapping) => ({
  userId: cells.text('customer'),
  email: cells.text('email'),
  phone: cells.text('phone'),
  card: cells.text('card'),
  profile: profileOf(cells, mapping),
});

const ownStates = { placed: 'placed', cancelled: 'cancelled', refunded: 'refunded' };

const order: ItemReader = {
  key: 'order',
  parts: 'lines',
  read(cells, mapping) {
    const code = cells.text('code');
    const at = cells.instant('date');
    if (at === undefined) throw cells.flaw('date', 'is empty');
    return {
      orderId: cells.needed('order'),
      ...people(cells, mapping),
      at,
      state: cells.word('state', { ...ownStates, ...mapping.states }),
      total: cells.money('total'),
      ...(code !== undefined && { codes: [code] }),
      lines: [orderLine(cells)],
    };
  },
};

/** Goods by weight (0,350 kg) are one piece at what they came to. */
function orderLine(cells: Cells): Properties {
  const said = cells.number('quantity') ?? 1;
  if (said <= 0)
    throw cells.flaw('quantity', 'must be above 0: of what came back tell the order, with the state `refunded`');
  const quantity = Number.isInteger(said) ? said : 1;
  const ofPiece = quantity === said ? 1 : said;
  const each = (what: string) => {
    const amount = cells.money(what);
    return amount && { ...amount, amount: Math.round(amount.amount * ofPiece) };
  };
  const sum = cells.money('sum');
  const price = each('price') ?? (sum && { ...sum, amount: Math.round(sum.amount / quantity) });
  if (price === undefined) throw cells.flaw('price', 'is needed, of one piece; or `sum`, of all of the line');
  return {
    productId: cells.needed('product'),
    quantity,
    price,
    cost: each('cost'),
    oldPrice: each('oldPrice'),
    name: cells.text('name')?.slice(0, 300),
  };
}

const customer: ItemReader = {
  key: null,
  parts: null,
  read(cells, mapping) {
    return {
      ...people(cells, mapping),
      anonymousId: cells.text('browser'),
      traits: cells.rest(),
      at: cells.instant('date'),
      advertising: cells.word('advertising', consentWords),
    };
  },
};

const product: ItemReader = {
  key: 'id',
  parts: 'offers',
  read(cells) {
    const [price, stock] = [cells.money('price'), cells.number('stock')];
    const [oldPrice, cost] = [cells.money('oldPrice'), cells.money('cost')];
    const attributes = cells.rest();
    return {
      id: cells.needed('id'),
      name: cells.text('name'),
      url: cells.text('url'),
      imageUrl: cells.text('imageUrl'),
      sku: cells.text('sku'),
      category: cells.text('category'),
      brand: cells.text('brand'),
      publishedAt: cells.instant('published'),
      ...(Object.keys(attributes).length > 0 && { attributes }),
      ...(price && { offers: [{ region: cells.text('region'), price, oldPrice, cost, stock: stock ?? 0 }] }),
    };
  },
};

export const readers: Readonly<Record<ImportKind, ItemReader>> = {
  orders: order,
  customers: customer,
  products: product,
};
