import { join } from 'node:path';
import { writePrivately } from './keys.ts';

/** What runs where, for programs: `DIR/runtime.json`, there while `npm start` is ready. */
export interface RuntimeFile {
  gateway: string;
  console: string;
  inbox: string;
  temporalUi: string | null;
  temporalAddress: string;
  namespace: string;
  databaseUrl: string;
  writeKey: string;
  apiKey: string;
  consoleLogin: null;
  pid: number;
  scale: number;
}

export function writeRuntime(folder: string, runtime: RuntimeFile): void {
  writePrivately(join(folder, 'runtime.json'), JSON.stringify(runtime, null, 2));
}
