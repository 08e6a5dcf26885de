import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import bundled from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/** Where npm's Chromium is unpacked to, once for all test runs of this clone. */
const cache = join(import.meta.dirname, '../../.cache');
const unpacked = join(cache, 'chromium');

const commands = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** A real Chromium: the system's where there is one, else npm's, which needs nothing of the system but a C library. */
export async function launchBrowser(): Promise<Browser> {
  const system = systemChromium();
  if (system) return chromium.launch({ executablePath: system });
  // npm's is for Linux on x64; elsewhere Playwright knows where Chrome is installed, and says what to do if it is not.
  if (process.platform !== 'linux' || process.arch !== 'x64') return chromium.launch({ channel: 'chrome' });
  if (!existsSync(unpacked)) unpack();
  return chromium.launch({
    executablePath: join(unpacked, 'chromium'),
    args: bundled.args.filter((argument) => !unlikeABrowser.includes(argument)),
    env: { ...process.env, LD_LIBRARY_PATH: join(unpacked, 'al2023/lib'), ...fonts() },
  });
}

/** In one process it would end with its first page; and what browsers forbid to pages must be forbidden to ours. */
const unlikeABrowser = ['--single-process', '--disable-web-security', '--allow-running-insecure-content'];

function systemChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return commands.flatMap((command) => folders.map((folder) => join(folder, command))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The package unpacks into the temporary folder of its process, with the libraries that a bare Linux lacks only where it
 *  believes to be in AWS Lambda; so a process of its own does it. Test files may come here at once: the first rename wins. */
function unpack(): void {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'chromium-'));
  const script = "const { default: chromium } = await import('@sparticuz/chromium'); await chromium.executablePath();";
  const environment = { ...process.env, TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x' };
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    env: environment,
    encoding: 'utf8',
  });
  if (child.status !== 0) throw new Error(`npm's Chromium could not be unpacked: ${child.stderr}`);
  writeFileSync(join(folder, 'fonts/fonts.conf'), fontsConf);
  try {
    renameSync(folder, unpacked);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (!existsSync(unpacked)) throw error;
  }
}

const fontsConf = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="relative">cache</cachedir></fontconfig>
`;

/** A machine without fonts takes those that come with npm's Chromium. */
function fonts(): Record<string, string> {
  return existsSync('/etc/fonts/fonts.conf') ? {} : { FONTCONFIG_PATH: join(unpacked, 'fonts') };
}
