/** Headers as callers pass them: an object, a flat list `[name, value, …]`, pairs, or `Headers`. */
export type HeadersLike =
  | Iterable<readonly [string, string]>
  | readonly string[]
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** The headers as one flat list. */
export function flatHeaders(headers: HeadersLike): readonly string[] {
  if (Array.isArray(headers) && headers.every((part) => typeof part === 'string')) return headers;
  const pairs: Iterable<readonly [string, unknown]> =
    Symbol.iterator in headers ? (headers as Iterable<readonly [string, string]>) : Object.entries(headers);
  const flat: string[] = [];
  for (const [name, value] of pairs) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) flat.push(name, String(one));
    }
  }
  return flat;
}
