import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, inject } from 'vitest';
import { searchAttributes, startDevServer } from '#scripts/provision/devserver.ts';

/** A real Temporal dev server in memory, closed after the test file. Call it at the top of the file. */
export async function devServer(): Promise<TestWorkflowEnvironment> {
  const log = join(inject('runFolder'), `temporal-${randomUUID()}.log`);
  const server = await startDevServer({ cli: inject('temporalCli'), log });
  const environment = await TestWorkflowEnvironment.createFromExistingServer({ address: server.address });
  afterAll(async () => {
    await environment.teardown();
    await server.stop();
  });
  return environment;
}

const keyword = 2; // temporal.api.enums.v1.IndexedValueType

/** Temporal's test server, whose clock jumps from timer to timer, closed after the test file. Its clock is one for all:
 *  tests inside a file run one after another, signals go while time is locked, time is driven with `sleep`. */
export async function timeSkipping(): Promise<TestWorkflowEnvironment> {
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: inject('temporalTestServer') } },
  });
  afterAll(() => environment.teardown());
  await environment.connection.operatorService.addSearchAttributes({
    namespace: environment.namespace ?? 'default',
    searchAttributes: Object.fromEntries(searchAttributes.map((name) => [name, keyword])),
  });
  return environment;
}
