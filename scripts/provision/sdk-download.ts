/**
 * Lets Temporal's SDK download a server into a folder; to be run as a process of its own, which can be ended when
 * the network is silent: `node sdk-download.ts cli|test-server FOLDER`. It starts what it has got once, as a trial.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [what, downloadDir = '.'] = process.argv.slice(2);
const server = { executable: { type: 'cached-download', downloadDir } } as const;
const environment =
  what === 'cli'
    ? await TestWorkflowEnvironment.createLocal({ server })
    : await TestWorkflowEnvironment.createTimeSkipping({ server });
await environment.teardown();
