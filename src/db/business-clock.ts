import { Failure } from '#domain/failure.ts';
import type { TimeScale } from '#domain/journey.ts';
import type { Db } from './connect.ts';

/** The shop's data was begun on another scale. */
export class OtherScale extends Failure {
  readonly kept: number;
  constructor(kept: number, wanted: number) {
    super(
      `This data runs at scale ${kept}, which cannot change: start with scale ${kept}, or with other data for ${wanted}.`,
    );
    this.kept = kept;
  }
}

/** Null before the first start. */
export async function readBusinessClock(db: Db): Promise<TimeScale | null> {
  const row = await db.selectFrom('business_clock').select(['origin', 'scale']).executeTakeFirst();
  return row ? { origin: row.origin.getTime(), scale: row.scale } : null;
}

/** The clock of this data; the first caller sets it going at `wall` (epoch ms). Throws OtherScale. `scale` null: whatever
 *  the data has, 1 at the first start. */
export async function startBusinessClock(db: Db, scale: number | null, wall: number): Promise<TimeScale> {
  const row = { origin: new Date(wall), scale: scale ?? 1 };
  await db
    .insertInto('business_clock')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const kept = await readBusinessClock(db);
  if (!kept) throw new Error('The business clock was not stored.');
  if (scale !== null && kept.scale !== scale) throw new OtherScale(kept.scale, scale);
  return kept;
}
