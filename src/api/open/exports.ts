import { z } from 'zod';
import { Problem } from '#api/problems.ts';
import { type ExportedTable, type Key, type KeyType, type Position, readTable } from '#db/exports/table.ts';
import { type ExportName, exportedTables, exportNames } from '#db/exports/tables.ts';
import type { Clock } from '#domain/clock.ts';
import { decodeCursor, encodeCursor, instant, storable } from './cursor.ts';
import { jsonLines, route, Streamed } from './route.ts';
import { exportLine } from './schemas/exports.ts';

const most = 1_000_000_000;
const place = z.string().max(4000).optional();

const exported = route({
  method: 'get',
  path: '/exports/{table}',
  tag: 'Exports',
  summary: 'A whole table, as JSON Lines',
  description:
    'It is sent as it is read, however long it is. Each line has a `cursor`. Where a connection breaks off, ask again with that of the ' +
    'last whole line: the rest comes. When all has come, and later, ask again with that of the last line: what has been added or changed ' +
    'since comes, so a line may come twice, and the last one counts. `events` and `decisions` only grow, in the order of their time; those of ' +
    'the last minute are left for the next time: some may still be on their way in.',
  params: z.object({ table: z.string().max(100).meta({ enum: exportNames }) }),
  query: z
    .strictObject({
      after: place.meta({ description: '`cursor` of the last line that came' }),
      cursor: place.meta({ description: 'The same as `after`' }),
      limit: z.coerce
        .number()
        .pipe(z.int().min(1).max(most))
        .optional()
        .meta({ type: 'integer', minimum: 1, description: 'All, if left out' }),
    })
    .refine(({ after, cursor }) => after === undefined || cursor === undefined, {
      path: ['cursor'],
      message: 'is the same as `after`: give one',
    }),
  answer: exportLine,
  answerType: jsonLines,
  problems: ['export_not_found', 'invalid_cursor'],
  async handle({ params, query: { after, cursor, limit = most }, deps }) {
    const name = exportNamed(params.table);
    const table: ExportedTable = exportedTables[name];
    const from = positionIn(name, table, after ?? cursor);
    return new Streamed(
      linesOf(name, table, readTable(deps.db, table, { from, until: settled(deps.clock), limit })),
      jsonLines,
    );
  },
});

function exportNamed(asked: string): ExportName {
  const found = exportNames.find((name) => name === asked);
  if (!found) throw new Problem('export_not_found', { detail: `There are ${exportNames.join(', ')}.` });
  return found;
}

const minute = 60_000;

/** An event that was received earlier than one that is exported already must not appear behind it: what commits takes its time. */
function settled(clock: Clock): Date {
  return new Date(clock.now().getTime() - minute * clock.time.scale);
}

async function* linesOf(
  name: ExportName,
  table: ExportedTable,
  pages: ReturnType<typeof readTable>,
): AsyncGenerator<string> {
  for await (const placed of pages) {
    const lines = placed.map(({ line, position }) =>
      JSON.stringify({ ...line, cursor: cursorOf(name, table, position) }),
    );
    if (lines.length > 0) yield `${lines.join('\n')}\n`;
  }
}

/** The name is in it, so that nobody goes on in one table where they stood in another. A log has only places. */
function cursorOf(name: ExportName, { isLog }: ExportedTable, { place, since, began, system }: Position): string {
  return encodeCursor(isLog && place ? place : [name, place, since, began, system]);
}

const values: Record<KeyType, z.ZodType<string | number | Date>> = {
  uuid: z.uuid(),
  text: storable,
  bigint: z.int().min(0),
  timestamptz: instant,
};
const xid = z.string().regex(/^\d{1,19}$/);

function positionIn(name: ExportName, { key, isLog }: ExportedTable, cursor: string | undefined): Position | null {
  const places = z.tuple(key.map(([, type]) => values[type]) as [z.ZodType<string | number | Date>]);
  if (isLog) {
    const place: Key | null = decodeCursor(cursor, places);
    return place && { place, since: null, began: null, system: null };
  }
  const found = decodeCursor(
    cursor,
    z.tuple([z.literal(name), places.nullable(), xid.nullable(), xid.nullable(), xid]),
  );
  if (!found) return null;
  const [, place, since, began, system] = found;
  return { place, since, began, system };
}

export const exportsRoutes = [exported];
