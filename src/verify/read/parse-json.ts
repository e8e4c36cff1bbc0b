/** Digits that a JavaScript number may not hold exactly, where a JSON number can stand. */
const LONG_NUMBER = /[[:,\s]-?\d{16}/;

/**
 * Parses JSON; undefined if it is not. Whole numbers beyond 2^53 come as bigint: two ids that differ in their last
 * digit must not become one.
 */
export function parseJson(text: string): unknown {
  try {
    return LONG_NUMBER.test(text) ? JSON.parse(text, keepLongNumbers) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function keepLongNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}
