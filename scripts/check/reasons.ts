import { join } from 'node:path';
import { reasons } from '#domain/reasons.ts';
import { readOr } from '#scripts/lib/files.ts';

/** The rows of docs/decisions.md: a code, why in both languages, and what to do. */
export function reasonRows(): Map<string, string> {
  return new Map(
    [...reasons].map(([code, { en, ru, next }]) => [code, `| \`${code}\` | ${en} | ${ru} | ${next.en} |`]),
  );
}

/** The table of docs/decisions.md has the row of every reason of src/domain/reasons.ts, and no other. */
export async function reasonFaults(root: string): Promise<string[]> {
  const page = await readOr(join(root, 'docs/decisions.md'), '');
  const documented = new Map([...page.matchAll(/^\| `([\w:-]+)` \|.*$/gm)].map(([row, code = '']) => [code, row]));
  const faults: string[] = [];
  for (const [code, row] of reasonRows()) {
    if (documented.get(code) !== row) faults.push(`docs/decisions.md should say of \`${code}\`:\n${row}`);
    documented.delete(code);
  }
  for (const code of documented.keys())
    faults.push(`docs/decisions.md has a row for \`${code}\`, which src/domain/reasons.ts does not know: remove it.`);
  return faults;
}
