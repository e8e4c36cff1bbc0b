/**
 * Hides values of a JSON text and leaves every other byte as it is, so that numbers, order and white space stay what was
 * sent.
 */

/** Decides by the path of a value: names of members, and indexes of items. */
export type IsHidden = (path: readonly string[], isLeaf: boolean) => boolean;

/** Deepest nesting that is walked. */
const DEPTH_MAX = 1_000;

const TOKEN = /[{}[\],]|"(?:[^"\\]|\\.)*"(\s*:)?|[^\s{}[\],":]+/gs;

type Open = { isArray: boolean; part: string; index: number };

/**
 * @param text valid JSON
 * @returns the text with each hidden value replaced; null if it is nested too deep
 */
export function maskJson(text: string, isHidden: IsHidden, replacement: string): string | null {
  const open: Open[] = [];
  const path: string[] = [];
  const pieces: string[] = [];
  let copied = 0;
  /** How deep the container lies that is hidden as a whole; null outside of one. */
  let hidden: Readonly<{ depth: number; from: number }> | null = null;

  const hide = (from: number, to: number) => {
    pieces.push(text.slice(copied, from), replacement);
    copied = to;
  };
  for (const { 0: token, 1: colon, index: at } of text.matchAll(TOKEN)) {
    const top = open.at(-1);
    if (colon !== undefined) {
      path[open.length - 1] = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string;
      continue;
    }
    if (token === ',') {
      if (top?.isArray) {
        top.index += 1;
        path[open.length - 1] = String(top.index);
      }
      continue;
    }
    if (token === '}' || token === ']') {
      open.pop();
      path.length = open.length;
      if (hidden !== null && open.length === hidden.depth) {
        hide(hidden.from, at + 1);
        hidden = null;
      }
      continue;
    }
    const isContainer = token === '{' || token === '[';
    if (hidden === null && isHidden(path, !isContainer)) {
      if (isContainer) hidden = { depth: open.length, from: at };
      else hide(at, at + token.length);
    }
    if (!isContainer) continue;
    if (open.length === DEPTH_MAX) return null;
    open.push({ isArray: token === '[', part: '', index: 0 });
    path[open.length - 1] = token === '[' ? '0' : '';
  }
  return pieces.join('') + text.slice(copied);
}

/** Hides what the pointers lead to; a part `*` is each item of an array. */
export function atPointers(pointers: readonly (readonly string[])[]): IsHidden {
  return (path) =>
    pointers.some(
      (pointer) =>
        pointer.length === path.length && pointer.every((part, at) => part === '*' || part === path[at]),
    );
}

/** Hides every value that is no object or array. */
export const everyLeaf: IsHidden = (_path, isLeaf) => isLeaf;
