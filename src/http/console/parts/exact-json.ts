/** A value of JSON in which numbers that JavaScript would write otherwise are texts behind a mark. */
export type ExactJson = Readonly<{ value: unknown; mark: string }>;

/** Whether a text may have a number whose digits a double, or its spelling, would lose. */
const LOSSY = /\d{16}|\d\.\d{14}|\.\d*0(?!\d)|\d[eE][-+]?\d|-0/;
/** Texts are skipped whole: what looks like a number in them is none. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

/**
 * Reads JSON and keeps every digit. `JSON.parse` tells the source of a number only to a function that it calls for each value,
 * which takes a second for 5 MiB.
 * @returns null if it is no JSON
 */
export function readExactJson(text: string): ExactJson | null {
  try {
    const mark = markNotIn(text);
    if (!LOSSY.test(text)) return { mark, value: JSON.parse(text) };
    // Marks would make JSON of what is none; what this makes is not kept, since both may take hundreds of megabytes.
    JSON.parse(text);
    return { mark, value: JSON.parse(withMarks(text, mark)) };
  } catch {
    return null;
  }
}

function withMarks(text: string, mark: string): string {
  return text.replace(TOKENS, (token) =>
    token.startsWith('"') || String(Number(token)) === token ? token : `"${mark}${token}"`,
  );
}

function markNotIn(text: string): string {
  let mark = '#';
  while (text.includes(`"${mark}`)) mark += '#';
  return mark;
}

/** The kind of a value that has no members, and its text. */
export function describeScalar(value: unknown, mark: string): readonly [kind: string, text: string] {
  if (typeof value === 'string' && value.startsWith(mark)) return ['number', value.slice(mark.length)];
  return [value === null ? 'null' : typeof value, String(value)];
}
