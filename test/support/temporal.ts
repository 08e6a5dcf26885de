import { defineSearchAttributeKey } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, inject } from 'vitest';

/** Search attributes of every run, as `npm start` registers them. */
const searchAttributes = [
  defineSearchAttributeKey('Journey', 'KEYWORD'),
  defineSearchAttributeKey('CustomerId', 'KEYWORD'),
];

/** A real Temporal dev server in memory, closed after the test file. Call it at the top of the file. */
export async function devServer(options: { ui?: boolean } = {}): Promise<TestWorkflowEnvironment> {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: inject('temporalCli') }, searchAttributes, ...options },
  });
  afterAll(() => environment.teardown());
  return environment;
}

/** Temporal's test server, whose clock jumps from timer to timer, closed after the test file. Its clock is one for all:
 *  tests inside a file run one after another, signals go while time is locked, time is driven with `sleep`. */
export async function timeSkipping(): Promise<TestWorkflowEnvironment> {
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: inject('temporalTestServer') } },
  });
  afterAll(() => environment.teardown());
  await environment.connection.operatorService.addSearchAttributes({
    namespace: environment.namespace ?? 'default',
    searchAttributes: Object.fromEntries(searchAttributes.map(({ name }) => [name, 2 /* keyword */])),
  });
  return environment;
}
