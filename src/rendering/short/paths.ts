import type { MessageModel } from '#rendering/model.ts';

const path = /^\w+(\.(\w+|\[\d+\]))*$/;

export function isPath(text: string): boolean {
  return path.test(text);
}

/** What stands in the model at the first of these paths where there is something: `goods.[0].url`, `shop.url`. Null where
 *  nothing is. Throws where a path names what a model never has. */
export function valueAt(model: MessageModel, paths: readonly string[]): string | null {
  for (const one of paths) {
    const value = at(model, one);
    if (typeof value === 'string' && value !== '') return value;
    if (value !== null) throw new Error(`${one} is no text of the model, or the model does not have it`);
  }
  return null;
}

/** A list may be shorter and an object may be null; a key that is not there is an error. */
function at(model: MessageModel, whole: string): unknown {
  let value: unknown = model;
  for (const key of whole.replace(/[[\]]/g, '').split('.')) {
    if (value === null) return null;
    if (Array.isArray(value)) value = value[Number(key)] ?? null;
    else value = typeof value === 'object' && Object.hasOwn(value, key) ? value[key as keyof typeof value] : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}
