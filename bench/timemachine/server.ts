import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { JourneyActivities } from '#activities/journeys.ts';
import { seedCustomer } from '#bench/carts.ts';
import type { Defer } from '#bench/lib.ts';
import type { Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import type { Clock } from '#domain/clock.ts';
import { journeyQueue, sendQueue } from '#domain/queues.ts';
import { searchAttributes, temporalPort } from '#relay/temporal.ts';
import { provideTemporal } from '#scripts/provision/temporal.ts';
import { refreshing, type ServerClock, serverClock } from '#test/support/clock.ts';
import { workflowBundle } from '#worker/bundle.ts';
import { allSent, messages, startJourney, whole } from './journeys.ts';
import type { Act } from './machine.ts';

export async function timeSkipping(defer: Defer): Promise<TestWorkflowEnvironment> {
  const path = await provideTemporal('testServer');
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  defer(() => environment.teardown());
  const keyword = 2; // temporal.api.enums.v1.IndexedValueType
  await environment.connection.operatorService.addSearchAttributes({
    namespace: environment.namespace ?? 'default',
    searchAttributes: Object.fromEntries(Object.keys(searchAttributes).map((attribute) => [attribute, keyword])),
  });
  return environment;
}

/** The same on the time-skipping server. Workers live for one measurement each: those of another would take its tasks. */
export async function onServer(
  environment: TestWorkflowEnvironment,
  db: Db | null,
  activitiesFor: (clock: Clock) => object | Promise<object>,
): Promise<Act> {
  const clock = await serverClock(environment);
  const port = temporalPort(environment.client, { taskQueue: journeyQueue });
  const activities = (await activitiesFor(clock)) as JourneyActivities;
  return (count) =>
    withWorkers(environment, clock, activities, async () => {
      const before = db ? await messages(db) : 0;
      await clock.refresh();
      const customers: string[] = [];
      for (let n = 0; n < count; n++) customers.push(db ? await seedCustomer(db, clock.now()) : newId(clock.now()));
      const began = performance.now();
      for (const customer of customers) await startJourney(port, customer, clock.now());
      await environment.sleep(whole);
      const ms = performance.now() - began;
      if (db) await allSent(db, before, count);
      return ms;
    });
}

async function withWorkers<T>(
  environment: TestWorkflowEnvironment,
  clock: ServerClock,
  activities: JourneyActivities,
  act: () => Promise<T>,
): Promise<T> {
  const interceptors = { activity: [() => ({ inbound: refreshing(clock) })] };
  const common = { connection: environment.nativeConnection, activities, interceptors };
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: journeyQueue,
      workflowBundle: await workflowBundle(),
      maxCachedWorkflows: 500,
    }),
    Worker.create({ ...common, taskQueue: sendQueue('email') }),
  ]);
  const running = workers.map((worker) => worker.run());
  try {
    return await act();
  } finally {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
  }
}
