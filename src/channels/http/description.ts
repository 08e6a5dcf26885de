import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Failure } from '#domain/failure.ts';

/** Where something stands in an answer: `sms.*.status_code`; `*` is the first of a list, or of an object's values. */
const path = z.string().min(1);
const codes = z.array(z.string()).default([]);

/**
 * A provider's HTTP API in data (`docs/channels.md`, A gateway of your own). `{names}` in the address, headers and fields are
 * filled in; a field that is nothing but a name without a value is left out.
 */
export const descriptionSchema = z.strictObject({
  /** Written to the ledger as the provider. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be a short name in small letters'),
  url: z.string().regex(/^https?:\/\//, 'must be an http or https address'),
  method: z.enum(['GET', 'POST']).default('POST'),
  headers: z.record(z.string(), z.string()).default({}),
  /** How the fields travel. */
  send: z.enum(['query', 'form', 'json']),
  fields: z.record(z.string(), z.json()),
  answer: z.strictObject({
    id: path,
    /** The first code found at one of these that is not `ok` is the error. */
    error: z.array(path).default([]),
    /** Codes that are no errors; `PENDING*` is all that begin so. */
    ok: codes,
    /** Where the provider says in words what is wrong. */
    says: z.array(path).default([]),
  }),
  /** What errors mean; others refuse this one message. */
  errors: z
    .strictObject({
      /** The address does not exist. */
      badAddress: codes,
      /** Its owner takes nothing from us. */
      blocked: codes,
      /** May be asked again soon. */
      later: codes,
      /** The account has no money. */
      money: codes,
      /** The credentials, the sender's name or the account are wrong. */
      credentials: codes,
      /** The provider has the message already: it knows repeats by our id. */
      duplicate: codes,
    })
    .partial(),
});

export type Description = z.output<typeof descriptionSchema>;

/** What `{names}` stand for; null: this message has none. */
export type Values = Readonly<Record<string, string | number | null>>;

/** A description from a file. Throws a Failure that says what is wrong with it; `names` are those that may be filled in. */
export function readDescription(file: string | URL, names: readonly string[]): Description {
  const shown = file instanceof URL ? fileURLToPath(file) : file;
  const result = descriptionSchema.safeParse(jsonOf(shown));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new Failure(
      `The gateway described in ${shown} is not understood: ${issue?.path.join('.')} ${issue?.message}.`,
    );
  }
  const unknown = namesIn(JSON.stringify(result.data)).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Failure(
      `${shown} asks for {${unknown}}, which nobody knows: use ${names.map((one) => `{${one}}`).join(', ')}.`,
    );
  return result.data;
}

function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is no JSON' : 'it cannot be read';
    throw new Failure(`The description of a gateway is looked for in ${file}: ${why}.`);
  }
}

const place = /\{([A-Za-z]+)\}/g;

function namesIn(text: string): string[] {
  return [...text.matchAll(place)].map(([, name = '']) => name);
}

/** The template with its names filled in; undefined where all that it had is left out. */
export function filled(template: unknown, values: Values): unknown {
  if (typeof template === 'string') return filledText(template, values);
  if (typeof template !== 'object' || template === null) return template;
  if (Array.isArray(template)) return template.map((one) => filled(one, values)).filter((one) => one !== undefined);
  const entries = Object.entries(template)
    .map(([name, one]) => [name, filled(one, values)] as const)
    .filter(([, one]) => one !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function filledText(template: string, values: Values): unknown {
  const alone = /^\{([A-Za-z]+)\}$/.exec(template)?.[1];
  if (alone !== undefined) return values[alone] ?? undefined;
  return template.replace(place, (_, name: string) => String(values[name] ?? ''));
}

/** What stands there in the answer, as text. */
export function found(body: unknown, where: string): string | undefined {
  let value = body;
  for (const step of where.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = step === '*' ? Object.values(value)[0] : Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined;
  }
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
