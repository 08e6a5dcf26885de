import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A script as browsers get it. */
export interface Script {
  text: string;
  etag: string;
}

/** `/site.js`, which a shop's pages load from the gateway. */
export function siteScript(): Script {
  return script(read('site.js'));
}

/** `/site/worker.js`, which the shop's own service worker imports. `gateway`: where links of notifications lead. */
export function workerScript(gateway: string): Script {
  return script(read('worker.js').replace("'{{gateway}}'", () => JSON.stringify(gateway)));
}

/** Without what only we read: indentation and lines that are comments as a whole. */
function read(name: string): string {
  const lines = readFileSync(join(import.meta.dirname, name), 'utf8').split('\n');
  const [first = '', ...rest] = lines.map((line) => line.trim());
  return [first, ...rest.filter((line) => !/^(?:\/\/|\/\*|\*\/?(?:\s|$)|$)/.test(line))].join('\n');
}

function script(text: string): Script {
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 20)}"` };
}
