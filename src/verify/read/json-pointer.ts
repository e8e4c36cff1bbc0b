import { LazyJson } from './lazy-json.ts';

/** The parts of a JSON Pointer (RFC 6901), or null if the text is not one. The empty pointer is the whole document. */
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
  const found: unknown[] = [];
  collect(root, path, 0, found);
  return found;
}

function collect(root: unknown, path: readonly string[], from: number, found: unknown[]): void {
  let value = root;
  for (let at = from; at < path.length; at++) {
    if (path[at] === '*') {
      forEachItem(value, (item) => {
        collect(item, path, at + 1, found);
        return true;
      });
      return;
    }
    value = memberOf(value, path[at]!);
  }
  if (value !== undefined) found.push(value);
}

/**
 * The texts that the path leads to, one for every item of every array on it.
 * @returns null if an array or one of the texts is not there
 */
export function resolveComplete(root: unknown, path: readonly string[]): readonly string[] | null {
  const texts: string[] = [];
  return collectComplete(root, path, 0, texts) ? texts : null;
}

function collectComplete(root: unknown, path: readonly string[], from: number, texts: string[]): boolean {
  let value = root;
  for (let at = from; at < path.length; at++) {
    if (path[at] === '*') return forEachItem(value, (item) => collectComplete(item, path, at + 1, texts));
    value = memberOf(value, path[at]!);
  }
  const text = textOf(value);
  if (text !== null) texts.push(text);
  return text !== null && text !== '';
}

/** Calls with each item of an array until `use` returns false; @returns whether it never did, and there were some. */
function forEachItem(value: unknown, use: (item: unknown) => boolean): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every(use);
  if (!(value instanceof LazyJson)) return false;
  let goesOn: boolean | null = null;
  value.forEachItem((item) => {
    goesOn = use(item);
    return goesOn;
  });
  return goesOn ?? false;
}

/** The items of an array; null if the value is none. */
export function itemsOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value;
  if (!(value instanceof LazyJson) || !value.isArray) return null;
  const items: unknown[] = [];
  value.forEachItem((item) => items.push(item) > 0);
  return items;
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof LazyJson) return value.member(name);
  if (Array.isArray(value)) return /^(?:0|[1-9]\d{0,9})$/.test(name) ? value[Number(name)] : undefined;
  // A pointer must not find members of the prototype.
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** A JSON value as text; null for objects, arrays and null. */
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
