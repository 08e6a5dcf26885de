import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig, readers, variables } from '#config';

const root = join(import.meta.dirname, '../..');
const file = (name: string) => readFileSync(join(root, name), 'utf8');

const worker = {
  DATABASE_URL: 'postgres://user:password@db:5432/vestnik',
  VESTNIK_SECRET: 'x'.repeat(32),
  VESTNIK_PUBLIC_URL: 'https://crm.example.com/',
  VESTNIK_EMAIL_URL: 'smtp://mail.example.com',
};

describe('configuration', () => {
  it('has defaults for all that can have one', () => {
    expect(readConfig('worker', worker)).toMatchObject({
      VESTNIK_PUBLIC_URL: 'https://crm.example.com',
      VESTNIK_CACHED_WORKFLOWS: 500,
      VESTNIK_LOG_LEVEL: 'info',
      VESTNIK_RATES: {},
      VESTNIK_STARTS_PER_SECOND: 25,
      VESTNIK_SANDBOX: undefined,
    });
  });

  it('reads rates by channel', () => {
    const { VESTNIK_RATES } = readConfig('worker', { ...worker, VESTNIK_RATES: 'email=50, sms=0.5' });
    expect(VESTNIK_RATES).toEqual({ email: 50, sms: 0.5 });
  });

  it.each([
    [{ VESTNIK_SECRET: undefined }, /^VESTNIK_SECRET is not set .* see \.env\.example\.$/],
    [{ VESTNIK_SECRET: '' }, /^VESTNIK_SECRET is not set/],
    [{ VESTNIK_SECRET: 'short' }, /^VESTNIK_SECRET must have 32 characters/],
    [{ DATABASE_URL: 'mysql://db' }, /^DATABASE_URL must look like postgres:\/\//],
    [{ VESTNIK_EMAIL_URL: 'mail.example.com' }, /^VESTNIK_EMAIL_URL must look like smtp:\/\//],
    [{ VESTNIK_DATABASE_POOL: 'many' }, /^VESTNIK_DATABASE_POOL must be a whole number from 1 to 500/],
    [{ VESTNIK_LOG_LEVEL: 'loud' }, /^VESTNIK_LOG_LEVEL /],
    [{ VESTNIK_RATES: 'email=-1' }, /^VESTNIK_RATES must look like email=50,sms=10/],
    [{ VESTNIK_RATES: 'pigeon=1' }, /^VESTNIK_RATES must look like email=50,sms=10/],
    [{ VESTNIK_RATES: '50' }, /^VESTNIK_RATES must look like email=50,sms=10/],
    [{ VESTNIK_SANDBOX: 'localhost' }, /^VESTNIK_SANDBOX must look like smtp:/],
  ])('refuses %o with a sentence that names the variable', (change, sentence) => {
    expect(() => readConfig('worker', { ...worker, ...change })).toThrow(sentence);
  });
});

describe('docker-compose.yml', () => {
  const { services } = parse(file('docker-compose.yml'), { merge: true });
  const { scripts } = JSON.parse(file('package.json'));

  it.each(['gateway', 'worker', 'migrate'] as const)(
    'runs %s as its npm script does, with all that it must have',
    (kind) => {
      const service = services[kind];
      expect(scripts[kind].endsWith(service.command.slice(1).join(' '))).toBe(true);
      const names = Object.keys(service.environment);
      const known: readonly string[] = readers[kind];
      expect(names.filter((name) => !name.startsWith('TEMPORAL_') && !known.includes(name))).toEqual([]);
      const required = known.filter(
        (name) => !variables[name as keyof typeof variables].schema.safeParse(undefined).success,
      );
      expect(required.filter((name) => !names.includes(name))).toEqual([]);
      expect(names).toEqual(expect.arrayContaining(['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']));
    },
  );

  it('asks .env only for what .env.example has', () => {
    const asked = [...file('docker-compose.yml').matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name);
    const offered = [...file('.env.example').matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(asked.filter((name) => !offered.includes(name))).toEqual([]);
  });

  it('starts each service after what it needs, two gateways and two workers', () => {
    expect(services.gateway.deploy.replicas).toBe(2);
    expect(services.worker.deploy.replicas).toBe(2);
    for (const service of Object.values<{ depends_on?: object }>(services))
      for (const name of Object.keys(service.depends_on ?? {})) expect(services).toHaveProperty([name]);
  });
});
