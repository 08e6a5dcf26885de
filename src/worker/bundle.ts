import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'node_modules/.cache/vestnik');

/** The workflow code of all journeys in one file, as workers take it. Webpack needs seconds: the result is kept until a
 *  source changes, and `npm run gateway`'s image is built with it in place. */
export async function workflowBundle(): Promise<{ codePath: string } | { code: string }> {
  const codePath = join(folder, `workflows-${fingerprint()}.js`);
  if (exists(codePath)) return { codePath };
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const workflowsPath = join(root, 'src/workflows/index.ts');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  return keep(codePath, code);
}

/** Changes with any source that can be in the bundle, and with Temporal's library. */
function fingerprint(): string {
  const hash = createHash('sha256');
  for (const room of ['src/workflows', 'src/domain']) {
    const files = readdirSync(join(root, room), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('.ts')).sort())
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(root, room, file)))
        .update('\0');
  }
  hash.update(readFileSync(join(root, 'node_modules/@temporalio/workflow/package.json')));
  hash.update(readFileSync(join(root, 'package.json')));
  return hash.digest('hex').slice(0, 24);
}

function exists(file: string): boolean {
  try {
    return readFileSync(file).length > 0;
  } catch {
    return false;
  }
}

/** A read-only folder (a hardened container) costs the cache, not the start. */
function keep(codePath: string, code: string): { codePath: string } | { code: string } {
  try {
    mkdirSync(folder, { recursive: true });
    const fresh = `${codePath}.${process.pid}`;
    writeFileSync(fresh, code);
    renameSync(fresh, codePath);
    forgetOlder(codePath);
    return { codePath };
  } catch {
    return { code };
  }
}

/** Wall time after which nobody starts from a bundle of other sources any more. */
const keptMs = 24 * 3_600_000;

function forgetOlder(codePath: string): void {
  const old = readdirSync(folder).filter((name) => /^workflows-\w+\.js$/.test(name) && join(folder, name) !== codePath);
  for (const name of old) if (Date.now() - statSync(join(folder, name)).mtimeMs > keptMs) rmSync(join(folder, name));
}
