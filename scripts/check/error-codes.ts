import { join } from 'node:path';
import { problems } from '#api/problems.ts';
import { readOr } from '#scripts/lib/files.ts';

/** The table of docs/errors.md has a row `| \`code\` | status | …` for every error of the API, and no other. */
export async function errorCodeFaults(root: string): Promise<string[]> {
  const page = await readOr(join(root, 'docs/errors.md'), '');
  const documented = new Map(
    [...page.matchAll(/^\|\s*`(\w+)`\s*\|\s*(\d{3})\s*\|/gm)].map(([, code, status]) => [code, status]),
  );
  const faults: string[] = [];
  for (const [code, { status }] of Object.entries(problems)) {
    const said = documented.get(code);
    if (said === undefined) faults.push(`docs/errors.md has no row for \`${code}\` of src/api/problems.ts: add it.`);
    else if (said !== String(status))
      faults.push(`docs/errors.md says ${said} for \`${code}\`, src/api/problems.ts ${status}.`);
    documented.delete(code);
  }
  for (const code of documented.keys())
    faults.push(`docs/errors.md has a row for \`${code}\`, which nothing answers: remove it.`);
  return faults;
}
