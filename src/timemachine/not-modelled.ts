import type { Run } from './run.ts';

/** What a workflow asked for that this machine has no model of. */
export class NotModelled extends Error {
  override name = 'NotModelled';

  constructor(run: Run, what: string) {
    super(`${what}, of ${run.origin.type} ${run.origin.workflowId}, is not modelled by the time machine`);
  }
}
