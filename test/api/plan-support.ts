import type { Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import type { ChannelName, ContactClass } from '#domain/journey.ts';

const hour = 3_600_000;

export interface PlantedRun {
  customer: string;
  journey: string;
  class: ContactClass;
  due: Date;
  message?: string;
  block?: string;
  channel?: ChannelName;
  until?: Date;
  heldBy?: string;
  excludesBulk?: boolean;
}

/** Live runs that wait to send something, as `enter` and `deliver` leave them. Returns their ids. */
export async function plantRuns(db: Db, given: readonly PlantedRun[]): Promise<string[]> {
  const rows = given.map((one) => {
    const { customer, journey, due, message = 'hello', block = 'step-1', channel = 'email', heldBy } = one;
    const id = newId(due);
    const until = (one.until ?? new Date(due.getTime() + 48 * hour)).getTime();
    const plan = { message, channel, until, obeys: true, counts: true, sale: false, ...(heldBy && { heldBy }) };
    return {
      id,
      workflow_id: `w:${id}`,
      journey,
      class: one.class,
      key: '',
      customer_id: customer,
      settings_version: 0,
      trigger_at: due,
      entered_at: due,
      read_seq: 0,
      block,
      due_at: due,
      plan: JSON.stringify(plan),
      excludes_bulk: one.excludesBulk ?? false,
    };
  });
  for (let start = 0; start < rows.length; start += 500)
    await db
      .insertInto('runs')
      .values(rows.slice(start, start + 500))
      .execute();
  return rows.map(({ id }) => id);
}
