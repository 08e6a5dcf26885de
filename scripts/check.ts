/** `npm run check`: everything about the code that can be said without running it. Says what is wrong and what to do. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { docsFaults } from './check/docs.ts';
import { environmentFaults } from './check/environment.ts';
import { errorCodeFaults } from './check/error-codes.ts';
import { reasonFaults } from './check/reasons.ts';
import { testNameFaults } from './check/test-names.ts';

const root = join(import.meta.dirname, '..');
const bin = (name: string) => join(root, 'node_modules/.bin', name);
const script = (name: string) => [process.execPath, join(root, 'scripts', name)];

/** A step answers what it objects to; nothing, when all is well. */
type Step = () => Promise<string[]>;

const steps: Record<string, Step> = {
  'formatting and lint': command(
    [bin('biome'), 'check', '--error-on-warnings', '.'],
    'Run `npx biome check --write .`.',
  ),
  types: command([bin('tsc'), '--noEmit', '-p', '.']),
  'generated files': command([...script('generate.ts'), '--check']),
  'row types': command([...script('types-db.ts'), '--verify']),
  'docs against code': () => docsFaults(root),
  'error codes against docs': () => errorCodeFaults(root),
  'reasons against docs': () => reasonFaults(root),
  'environment against example': () => environmentFaults(root),
  'test names': () => testNameFaults(root),
};

function command([file = '', ...args]: string[], advice?: string): Step {
  return () =>
    new Promise((resolve, reject) => {
      const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          said += chunk;
        });
      child.on('error', reject);
      child.on('close', (code) => resolve(code === 0 ? [] : [said.trim(), ...(advice ? [advice] : [])]));
    });
}

let failed = 0;
for (const [name, step] of Object.entries(steps)) {
  const start = performance.now();
  const faults = await step();
  const took = `${((performance.now() - start) / 1000).toFixed(1)} s`;
  console.log(`${faults.length === 0 ? '✓' : '✗'} ${name} (${took})`);
  for (const fault of faults) console.error(fault.replace(/^/gm, '  '));
  if (faults.length > 0) failed += 1;
}
const passed = Object.keys(steps).length - failed;
console.log(failed === 0 ? `All ${passed} checks passed.` : `${failed} of ${passed + failed} checks failed.`);
process.exitCode = failed === 0 ? 0 : 1;
