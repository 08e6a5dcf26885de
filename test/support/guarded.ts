import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const guard = join(import.meta.dirname, 'guard.sh');

/** An executable in `folder` that runs `binary`, cannot outlive whoever starts it, and says what it says to a log beside
 *  it. Temporal's SDK takes one path and leaves its server behind when the test process is killed. */
export async function guardedExecutable(binary: string, folder: string): Promise<string> {
  const path = join(folder, `guarded-${basename(binary)}`);
  const script = `#!/bin/sh\nexec /bin/sh '${guard}' "$PPID" '${binary}' "$@" >>'${path}.log' 2>&1\n`;
  await writeFile(path, script, { mode: 0o755 });
  return path;
}
