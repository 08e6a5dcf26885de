import type { OrderTold } from '#db/order-news.ts';
import type { OrderDetails } from '#domain/order-state.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { filled } from '#domain/template-variables.ts';
import type { GoodsLine } from '#rendering/model.ts';
import { order as variable } from '#workflows/order-confirmation/variables.ts';

/** `data` of a letter about an order: the same variables as a transactional send of the same template has. */
export function orderModel(orderId: string, told: OrderTold, shop: ShopSettings): { order: Record<string, unknown> } {
  const { order, details } = told;
  const { number = orderId, names = {}, ...rest } = details;
  const lines = linesOf(told, names, shop);
  const currency = order?.currency ?? shop.currency;
  const total = order === null ? null : { amount: order.total, currency };
  const given = { ...rest, number, total, lines: lines.length > 0 ? lines : null };
  return { order: filled(variable.fields ?? {}, given) };
}

/** Goods that the catalogue does not have are named as the shop named them, and lead to the shop. */
function linesOf(
  { order, lines }: OrderTold,
  names: NonNullable<OrderDetails['names']>,
  shop: ShopSettings,
): GoodsLine[] {
  const currency = order?.currency ?? shop.currency;
  return lines.map(({ product, quantity, price, name, url, imageUrl }) => ({
    id: product,
    name: name ?? names[product] ?? product,
    url: url ?? shop.url,
    imageUrl,
    price: { amount: price, currency },
    oldPrice: null,
    quantity,
  }));
}
