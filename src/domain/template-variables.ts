/**
 * What the `data` of a template must have. One way of saying it for our templates and for the shop's own, so that a send is
 * checked before it is taken: `{{data.link}}` in a letter is filled, or the call is refused with the name.
 */

export const variableTypes = ['text', 'number', 'boolean', 'url', 'time', 'money', 'goods', 'list', 'object'] as const;
export type VariableType = (typeof variableTypes)[number];

export interface Variable {
  type: VariableType;
  /** Left out of `data`, it is null in the template. */
  optional?: boolean;
  description?: string;
  /** What previews and test sends show. */
  example: unknown;
  /** Of an object, or of each item of a list. */
  fields?: Variables;
}

export type Variables = { readonly [name: string]: Variable };

/** `data` with every variable that it may have: those left out are null. */
export function filled(variables: Variables, data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(variables).map(([name, variable]) => [name, value(variable, data[name])]));
}

function value({ fields, type }: Variable, given: unknown): unknown {
  if (given === undefined || given === null) return null;
  if (fields === undefined) return given;
  if (type === 'list') return (given as Record<string, unknown>[]).map((one) => filled(fields, one));
  return filled(fields, given as Record<string, unknown>);
}

/** Data as the examples have it; `only: 'required'`: with as little as there can be. */
export function exampleOf(variables: Variables, only: 'all' | 'required' = 'all'): Record<string, unknown> {
  const wanted = Object.entries(variables).filter(([, { optional }]) => only === 'all' || !optional);
  return Object.fromEntries(
    wanted.map(([name, { example, fields, type }]) => {
      if (fields === undefined || only === 'all') return [name, example];
      if (type === 'list') return [name, (example as unknown[]).slice(0, 1)];
      const least = Object.entries(fields)
        .filter(([, field]) => !field.optional)
        .map(([field]) => field);
      return [name, Object.fromEntries(least.map((field) => [field, (example as Record<string, unknown>)[field]]))];
    }),
  );
}
