import { join } from 'node:path';
import { readOr } from '#scripts/lib/files.ts';

/** Every variable that src/config.ts reads is in .env.example, and every one there is read. */
export async function environmentFaults(root: string): Promise<string[]> {
  const config = withoutComments(await readOr(join(root, 'src/config.ts'), ''));
  const example = await readOr(join(root, '.env.example'), '');
  const read = new Set([...config.matchAll(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|\bPORT\b/g)].map(([name]) => name));
  const shown = new Set([...example.matchAll(/^#?\s?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = '']) => name));
  return [
    ...[...read]
      .filter((name) => !shown.has(name))
      .map((name) => `.env.example lacks ${name}, which src/config.ts reads.`),
    ...[...shown]
      .filter((name) => !read.has(name))
      .map((name) => `.env.example has ${name}, which src/config.ts does not read.`),
  ];
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}
