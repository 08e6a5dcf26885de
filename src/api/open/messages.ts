import { z } from 'zod';
import { Problem } from '#api/problems.ts';
import { resolveCustomer } from '#db/customers.ts';
import { findMessage, listMessages, requestedMessage } from '#db/messages.ts';
import { messageStates } from '#domain/ledger.ts';
import { decodeCursor, idCursor, page } from './cursor.ts';
import { route } from './route.ts';
import { paging } from './schemas/common.ts';
import { message, messageList } from './schemas/messages.ts';

const list = route({
  method: 'get',
  path: '/messages',
  tag: 'Messages',
  summary: 'Messages, newest first',
  query: z.strictObject({
    ...paging,
    customerId: z.uuid().optional().meta({ description: 'With those of customers merged into this one' }),
    journey: z.string().max(100).optional(),
    state: z.enum(messageStates).optional(),
  }),
  answer: messageList,
  problems: ['invalid_cursor'],
  async handle({ query: { limit, cursor, customerId, journey, state }, deps }) {
    const before = decodeCursor(cursor, idCursor)?.[0] ?? null;
    const customerIds =
      customerId === undefined ? null : ((await resolveCustomer(deps.db, customerId))?.ids ?? [customerId]);
    const filter = {
      ...(customerIds && { customerIds }),
      ...(journey !== undefined && { journey }),
      ...(state !== undefined && { state }),
    };
    return page(await listMessages(deps.db, filter, before, limit + 1), limit, (row) => [row.id]);
  },
});

const get = route({
  method: 'get',
  path: '/messages/{id}',
  tag: 'Messages',
  summary: 'One message',
  description:
    'Of a transactional send that is still on its way to its channel, or that came to nothing, it tells that.',
  params: z.object({ id: z.uuid() }),
  answer: message,
  problems: ['message_not_found'],
  async handle({ params, deps }) {
    const found = (await findMessage(deps.db, params.id)) ?? (await requestedMessage(deps.db, params.id));
    if (!found) throw new Problem('message_not_found');
    return found;
  },
});

export const messageRoutes = [list, get];
