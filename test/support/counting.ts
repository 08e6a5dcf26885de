import { connect, createPool, type Db } from '#db/connect.ts';

/** SQL statements of each message: between the decision and what is recorded of it. For a system's `activities`. */
export interface CountedMessages {
  activities: { db: Db; reached: (point: string) => void };
  /** In the order of the messages. */
  perMessage: number[];
}

export function countingStatements(databaseUrl: string): CountedMessages {
  let statements = 0;
  const counted = createPool(databaseUrl);
  counted.on('connect', (client) => {
    const query = client.query.bind(client);
    client.query = ((...args: Parameters<typeof query>) => {
      statements += 1;
      return query(...args);
    }) as typeof client.query;
  });
  const perMessage: number[] = [];
  const reached = (point: string) => {
    if (point === 'before_reserve') statements = 0;
    if (point === 'recorded') perMessage.push(statements);
  };
  return { activities: { db: connect(counted), reached }, perMessage };
}
