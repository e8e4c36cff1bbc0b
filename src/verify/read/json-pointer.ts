/** The parts of a JSON Pointer (RFC 6901); null if it is none. The empty pointer is the whole document. */
export function parsePointer(text: string): readonly string[] | null {
  if (text === '') return [];
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return null;
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value at the end of the path; undefined if it is not there. */
export function resolvePointer(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const part of path) value = memberOf(value, part);
  return value;
}

/** Every value that the path leads to: a part `*` is each item of an array. */
export function resolveAll(root: unknown, path: readonly string[]): readonly unknown[] {
  let values: readonly unknown[] = [root];
  for (const part of path) {
    values = part === '*' ? values.flatMap(itemsOf) : values.map((value) => memberOf(value, part));
  }
  return values.filter((value) => value !== undefined);
}

/**
 * The texts that the path leads to, one for every item of every array on it.
 * @returns null if an array or one of the texts is not there
 */
export function resolveComplete(root: unknown, path: readonly string[]): readonly string[] | null {
  let values: readonly unknown[] = [root];
  for (const part of path) {
    if (part !== '*') values = values.map((value) => memberOf(value, part));
    else if (values.every((value) => Array.isArray(value) && value.length > 0)) values = values.flat();
    else return null;
  }
  const texts = values.map(textOf);
  return texts.every((text) => text !== null && text !== '') ? (texts as string[]) : null;
}

function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return /^(?:0|[1-9]\d{0,9})$/.test(name) ? value[Number(name)] : undefined;
  // A pointer must not find what JavaScript gives to every object.
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** A JSON value as text; null if it has none of its own (objects, arrays, null). */
export function textOf(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      return null;
  }
}
