import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, inject } from 'vitest';
import { searchAttributes, startDevServer } from '#scripts/provision/devserver.ts';

/** A real Temporal dev server in memory, closed after the test file. Call it at the top of the file. */
export async function devServer(): Promise<TestWorkflowEnvironment> {
  return (await startForFile({})).environment;
}

/** The same with Temporal UI, at the address `ui`. */
export async function devServerWithUi(): Promise<{ environment: TestWorkflowEnvironment; ui: string }> {
  const { environment, ui } = await startForFile({ uiPort: 0 });
  if (ui === null) throw new Error('the dev server was asked for its UI and has none');
  return { environment, ui };
}

async function startForFile(options: { uiPort?: number }) {
  const log = join(inject('runFolder'), `temporal-${randomUUID()}.log`);
  const server = await startDevServer({ cli: inject('temporalCli'), log, ...options });
  const environment = await TestWorkflowEnvironment.createFromExistingServer({ address: server.address });
  afterAll(async () => {
    await environment.teardown();
    await server.stop();
  });
  return { environment, ui: server.ui };
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
