/** The one place that knows how a workflow id is built: `<name>:<customer or item id>[:<key>]`. */
export function workflowId(journey: string, subject: string, key = ''): string {
  return key === '' ? `${journey}:${subject}` : `${journey}:${subject}:${key}`;
}
