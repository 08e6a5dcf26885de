/** JSON with whole numbers that a double cannot hold as text: ids of messages (Viber's `message_token`) are such. Undefined
 *  where it is no JSON. */
export function exactJson(text: string): unknown {
  try {
    return JSON.parse(text, exactly);
  } catch {
    return undefined;
  }
}

function exactly(_key: string, value: unknown, context?: { source?: string }): unknown {
  const isLossy = typeof value === 'number' && !Number.isSafeInteger(value);
  return isLossy && context?.source !== undefined && /^-?\d+$/.test(context.source) ? context.source : value;
}
