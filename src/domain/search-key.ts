import { hash } from 'node:crypto';

/** A value that a source's configuration makes findable by an index. */
export type SearchKey = Readonly<{ name: string; value: string }>;

/** Search keys of one source. */
export const MAX_SEARCH_KEYS = 4;

/** Longer keys are stored as their hash, which orders and finds just as well and bounds the index. */
export const KEY_TEXT_CHARS_MAX = 255;

/** The text of an order key or a search key as every store keeps it: bounded, well formed and without NUL. */
export function keyText(text: string): string {
  const isKept = text.length <= KEY_TEXT_CHARS_MAX && text.isWellFormed() && !text.includes('\0');
  return isKept ? text : `sha256:${hash('sha256', Buffer.from(text, 'utf16le'), 'hex')}`;
}
