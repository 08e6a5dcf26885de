import { join } from 'node:path';
import { destination, type Logger, multistream } from 'pino';
import { createLogger } from '#process/logger.ts';

/** JSON lines to `DIR/logs/vestnik.log`; warnings and worse also to the screen, one line each. */
export function openLog(folder: string): Logger {
  const file = destination({ dest: join(folder, 'logs', 'vestnik.log'), mkdir: true, sync: true, mode: 0o600 });
  const screen = { write: (line: string) => process.stderr.write(`${readable(line)}\n`) };
  return createLogger(
    'vestnik',
    'info',
    multistream([
      { stream: file, level: 'info' },
      { stream: screen, level: 'warn' },
    ]),
  );
}

function readable(line: string): string {
  const { level, msg, err } = JSON.parse(line);
  const detail = err?.message ? ` (${err.message})` : '';
  return `${level >= 50 ? 'error' : 'warning'}: ${msg}${detail}`;
}
