import { join } from 'node:path';
import { readElsewhere, variables } from '#config';
import { readOr } from '#scripts/lib/files.ts';

/** Every variable that src/config.ts reads is in .env.example, and every one there is read: by it or whom it names, or, where the name begins
 *  with TEMPORAL_, by Temporal's own client configuration. */
export async function environmentFaults(root: string): Promise<string[]> {
  const example = await readOr(join(root, '.env.example'), '');
  const read = new Set<string>([...Object.keys(variables), ...Object.keys(readElsewhere)]);
  const shown = new Set([...example.matchAll(/^#?\s?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = '']) => name));
  return [
    ...Object.keys(variables)
      .filter((name) => !shown.has(name))
      .map((name) => `.env.example lacks ${name}, which src/config.ts reads.`),
    ...[...shown]
      .filter((name) => !read.has(name) && !name.startsWith('TEMPORAL_'))
      .map((name) => `.env.example has ${name}, which src/config.ts does not read.`),
  ];
}
