export interface Parted {
  front: Record<string, unknown>;
  body: string;
}

/** Parts a template from the YAML between `---` lines that it may begin with. */
export function splitFrontMatter(source: string, where: string, parse: (yaml: string) => unknown): Parted {
  const match = /^---\n(.*?)\n?---\n(.*)$/s.exec(source);
  if (match?.[1] === undefined) {
    if (source.startsWith('---')) throw new Error(`${where}: end its front matter with a line ---`);
    return { front: {}, body: source };
  }
  return { front: (read(match[1], where, parse) ?? {}) as Record<string, unknown>, body: match[2] ?? '' };
}

function read(yaml: string, where: string, parse: (yaml: string) => unknown): object | null {
  let front: unknown;
  try {
    front = parse(yaml);
  } catch (error) {
    throw new Error(`${where}: its front matter is no YAML: ${error instanceof Error ? error.message : error}`);
  }
  if (front !== null && (typeof front !== 'object' || Array.isArray(front)))
    throw new Error(`${where}: its front matter must be lines of \`name: value\``);
  return front;
}
