/**
 * Characters that change what a terminal or a log viewer shows instead of being shown: control characters (C0, DEL,
 * C1), bidirectional formatting, line and paragraph separators, the byte order mark, and lone surrogates.
 */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff\p{Cs}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Foreign text with every unprintable character as an escape, such as `\n` or `\u202e`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => SHORT[character] ?? escapeOf(character));
}

/** Like `printable`, but line breaks stay: for texts of several lines whose parts are trusted or escaped. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/**
 * JSON text without unprintable characters. The value stays the same: JSON.stringify escapes C0 alone, and outside of
 * its strings only line breaks and blanks occur.
 */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) => (character === '\n' ? character : escapeOf(character)));
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
