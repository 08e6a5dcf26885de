import { z } from 'zod';
import { storedEvents } from '#db/export-events.ts';
import type { Clock } from '#domain/clock.ts';
import { decodeCursor, encodeCursor, timeCursor } from './cursor.ts';
import { jsonLines, route, Streamed } from './route.ts';
import { storedEvent } from './schemas/export-events.ts';

const most = 1_000_000_000;

const events = route({
  method: 'get',
  path: '/exports/events',
  tag: 'Exports',
  summary: 'Every event, as JSON Lines, in the order in which they were received',
  description:
    'It is sent as it is read, however long it is. Each line has a `cursor`: where a connection breaks off, or later for what is new, ' +
    'ask again with that of the last whole line. Events of the last minute are left for the next time: some may still be on their ' +
    'way in. `npm run backtest` plays such a file.',
  query: z.strictObject({
    cursor: z.string().max(2000).optional().meta({ description: '`cursor` of the last line that came' }),
    limit: z.coerce
      .number()
      .pipe(z.int().min(1).max(most))
      .optional()
      .meta({ type: 'integer', minimum: 1, description: 'All, if left out' }),
  }),
  answer: storedEvent,
  answerType: jsonLines,
  problems: ['invalid_cursor'],
  async handle({ query: { cursor, limit = most }, deps }) {
    const after = decodeCursor(cursor, timeCursor);
    return new Streamed(linesOf(storedEvents(deps.db, { after, until: settled(deps.clock), limit })), jsonLines);
  },
});

const minute = 60_000;

/** An event that was received earlier than one that is exported already must not appear behind it: what commits takes its time. */
function settled(clock: Clock): Date {
  return new Date(clock.now().getTime() - minute * clock.time.scale);
}

async function* linesOf(pages: ReturnType<typeof storedEvents>): AsyncGenerator<string> {
  for await (const rows of pages) {
    const lines = rows.map((row) => JSON.stringify({ ...row, cursor: encodeCursor([row.receivedAt, row.id]) }));
    if (lines.length > 0) yield `${lines.join('\n')}\n`;
  }
}

export const exportEventsRoutes = [events];
