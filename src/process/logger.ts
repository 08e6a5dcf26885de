import type { Logger as SdkLogger } from '@temporalio/worker';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { told } from '#domain/told.ts';

/** JSON lines with the name of the process. Nothing personal is logged; `redact` is for what a library might add. */
export function createLogger(name: string, level: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    name,
    level,
    serializers: { err: (error: unknown) => (error instanceof Error ? told(error) : error) },
    redact: ['*.authorization', '*.email', '*.phone', '*.address', '*.writeKey'],
  };
  return destination ? pino(options, destination) : pino(options);
}

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Temporal's SDK logging through ours; run and workflow ids come in its metadata. */
export function sdkLogger(log: Logger): SdkLogger {
  const write = (level: keyof typeof levels, message: string, meta?: object) =>
    log[intended.test(message) ? 'debug' : levels[level]](plain(meta), message);
  return {
    log: (level, message, meta) => write(level, message, meta),
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}

/** Warnings about what we mean to do: workers of channels run activities only. */
const intended = /^No workflows registered/;

/** The SDK's metadata may carry bigints (timestamps), which JSON does not know. */
function plain(meta: object = {}): object {
  const fields = Object.entries(meta).map(([key, value]) => [
    key === 'error' ? 'err' : key,
    typeof value === 'bigint' ? String(value) : value,
  ]);
  return Object.fromEntries(fields);
}
