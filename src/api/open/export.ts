import { Problem } from '#api/problems.ts';
import { type CustomerHistory, type CustomerRecord, customerHistory, customerRecord } from '#db/export.ts';
import { gone, living, params, tag } from './customers.ts';
import { codeView } from './promo.ts';
import { route, Streamed } from './route.ts';
import { customerExport } from './schemas/export.ts';

const exported = route({
  method: 'get',
  path: '/customers/{id}/export',
  tag,
  summary: 'Everything that is kept of a customer, as one document',
  description:
    'With what those did who were merged into them. It is sent as it is read, however long it is: a connection that breaks off ' +
    'is an export to be asked for again.',
  params,
  answer: customerExport,
  problems: gone,
  async handle({ params, deps }) {
    const ref = await living(deps, params.id);
    const record = await customerRecord(deps.db, ref);
    if (!record) throw new Problem('customer_not_found');
    const head = { exportedAt: deps.clock.now(), ...withMoney(record) };
    return new Streamed(documentOf(head, customerHistory(deps.db, ref)));
  },
});

function withMoney({ orders, promoCodes, ...record }: CustomerRecord) {
  const shown = orders.map(({ total, currency, lines, ...order }) => ({
    ...order,
    total: { amount: total, currency },
    lines: lines.map(({ price, ...line }) => ({ ...line, price: { amount: price, currency } })),
  }));
  return { ...record, orders: shown, promoCodes: promoCodes.map(codeView) };
}

/** The head, then each history as one more list of the same object. */
async function* documentOf(head: object, histories: CustomerHistory): AsyncGenerator<string> {
  yield JSON.stringify(head).slice(0, -1);
  for (const [name, pages] of Object.entries(histories)) {
    let separator = `,${JSON.stringify(name)}:[`;
    for await (const rows of pages) {
      if (rows.length === 0) continue;
      yield separator + JSON.stringify(rows).slice(1, -1);
      separator = ',';
    }
    yield separator === ',' ? ']' : `${separator}]`;
  }
  yield '}';
}

export const exportRoutes = [exported];
