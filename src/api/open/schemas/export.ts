import { z } from 'zod';
import { instant, money, orNull, uuid } from './common.ts';
import { consentWord } from './consents.ts';
import { customer, customerSummary, engagement, event } from './customers.ts';
import { decision, message } from './messages.ts';
import { promoCode } from './promo.ts';
import { customerMetrics } from './reports.ts';

const text = z.string();
/** What the customer's own page shows of each, and what is beside it in the export. */
const { conflicts, runs, cart, interests, orders } = customer.shape;

const metrics = customerMetrics.shape.profiles.element;
const transition = customerMetrics.shape.transitions.element;

const orderLine = z.object({ productId: text, quantity: z.int(), price: money });

export const customerExport = customerSummary
  .extend({
    exportedAt: instant,
    mergedIds: z.array(uuid).meta({ description: 'Customers who were merged into this one; what they did is in here' }),
    whatsappAt: orNull(instant).meta({ description: 'When they last wrote to the shop on WhatsApp' }),
    consents: z.array(consentWord).meta({ description: 'Every word that was said, oldest first' }),
    optIns: z
      .array(z.object({ channel: text, askedAt: instant }))
      .meta({ description: 'Channels on which a yes waits to be confirmed' }),
    suppressions: z
      .array(z.object({ channel: text, address: text, reason: text, at: instant }))
      .meta({ description: 'Addresses that are not written to, and why' }),
    devices: z
      .array(z.object({ channel: text, address: text, userAgent: orNull(text), createdAt: instant, seenAt: instant }))
      .meta({ description: 'Browsers and apps that take notifications' }),
    conflicts: z.array(conflicts.element.extend({ resolvedAt: orNull(instant), decision: orNull(text) })),
    cart: cart.meta({ description: 'A quantity of 0 was removed, or bought' }),
    interests: z.array(interests.element.extend({ removedAt: orNull(instant) })),
    orders: z.array(orders.element.extend({ stateAt: instant, lines: z.array(orderLine), codes: z.array(text) })),
    runs: z.array(runs.element.extend({ endedAt: orNull(instant), outcome: orNull(text) })),
    messageRequests: z
      .array(z.object({ id: uuid, requestedAt: instant, template: text, address: orNull(text) }))
      .meta({ description: 'Transactional sends; what they said of secrets is kept nowhere' }),
    orderSteps: z
      .array(z.object({ orderId: text, step: text, at: instant, details: z.record(text, z.unknown()) }))
      .meta({ description: 'What the shop told of orders: delivery, parcels' }),
    notEntered: z
      .array(z.object({ journey: text, key: text, reason: text, firstAt: instant, lastAt: instant, times: z.int() }))
      .meta({ description: 'Journeys whose trigger was met and which did not begin' }),
    metrics: z
      .array(
        z.object({
          ...metrics.omit({
            turnover: true,
            averageCheque: true,
            profit: true,
            discountedOrders: true,
            rfm: true,
            stage: true,
          }).shape,
          turnover: z.int(),
          average: z.int(),
          profit: z.int().nullable(),
          discounted: z.int(),
          code: z.int(),
          score: z.int(),
          segment: text,
          stage: text,
          stageAt: instant,
        }),
      )
      .meta({
        description: 'What their orders come to, in minor units; RFM with 3 and 5 as the best; lifecycle stage',
      }),
    stages: z
      .array(transition.extend({ seq: z.int(), customerId: uuid }))
      .meta({ description: 'Lifecycle stages that they went through, newest first' }),
    segments: z
      .array(z.object({ id: uuid, name: text, since: instant }))
      .meta({ description: 'Those that they are in' }),
    queuePlaces: z
      .array(
        z.object({
          itemId: text,
          number: z.int(),
          joinedAt: instant,
          endedAt: orNull(instant),
          outcome: orNull(text),
          holds: z.array(
            z.object({ offeredAt: instant, until: orNull(instant), endedAt: orNull(instant), outcome: orNull(text) }),
          ),
        }),
      )
      .meta({ description: 'Places in the queues of items, with what was held for them' }),
    runOuts: z
      .array(
        z.object({ productId: text, boughtAt: instant, quantity: z.int(), dueAt: instant, offeredAt: orNull(instant) }),
      )
      .meta({ description: 'When what they use up is expected to run out, and since when a message offers it' }),
    wishNews: z.array(z.object({ productId: text, cause: z.enum(['stock', 'price']), at: instant })).meta({
      description:
        'What they wished for and is back in stock or cheaper: what a message is to tell, or has told lately',
    }),
    promoCodes: z.array(promoCode).meta({ description: 'Promo codes that they were given' }),
    events: z.array(event.extend({ id: uuid, at: instant })).meta({ description: 'Newest first, as is all below' }),
    messages: z.array(message.extend({ address: orNull(text).meta({ description: 'Where it was sent' }) })),
    decisions: z.array(decision),
    engagements: z.array(engagement.extend({ id: uuid, at: instant, userAgent: orNull(text) })),
  })
  .meta({ id: 'CustomerExport' });
