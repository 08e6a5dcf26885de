import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import bundled from '@sparticuz/chromium';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll } from 'vitest';

/** Where npm's Chromium is unpacked to, once for all test runs of this clone. */
const cache = join(import.meta.dirname, '../../.cache');
const unpacked = join(cache, 'chromium');

const commands = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** A real Chromium: the system's where there is one, else npm's, which needs nothing of the system but a C library. */
export async function launchBrowser(): Promise<Browser> {
  const system = systemChromium();
  if (system) return chromium.launch({ executablePath: system });
  if (!existsSync(unpacked)) unpack();
  return chromium.launch({
    executablePath: join(unpacked, 'chromium'),
    // In one process it would end with its first page.
    args: bundled.args.filter((argument) => argument !== '--single-process'),
    env: { ...process.env, LD_LIBRARY_PATH: join(unpacked, 'al2023/lib'), ...fonts() },
  });
}

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

export const desktop = { width: 1280, height: 800 };
export const phone = { width: 375, height: 740 };

export interface Watched {
  page: Page;
  /** What went wrong in the page: script errors, errors on its console (violations of its policy among them). */
  problems: string[];
  /** Hosts that it asked anything of. */
  hosts: Set<string>;
}

/** Pages of one browser for the tests of a file; it is closed after them. */
export async function openBrowser(): Promise<(options?: BrowserContextOptions) => Promise<Watched>> {
  const browser = await launchBrowser();
  afterAll(() => browser.close());
  return async (options = {}) => {
    const context = await browser.newContext({ viewport: desktop, ...options });
    // Less than a test's own limit: what was waited for is named, not only the test.
    context.setDefaultTimeout(15_000);
    return watch(await context.newPage());
  };
}

function watch(page: Page): Watched {
  const problems: string[] = [];
  const hosts = new Set<string>();
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== 'data:') hosts.add(host);
  });
  return { page, problems, hosts };
}

/** CSS pixels that a page is wider than its window: nobody should have to scroll sideways. */
export async function overflow(page: Page): Promise<number> {
  return Number(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth'));
}
