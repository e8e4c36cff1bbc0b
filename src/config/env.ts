// NUL is valid in no secret, header or URL, so a marker that is not found here is refused by any field.
const MARKER = /\0env\((.*?)\)(unset|empty)\0/;

/**
 * An environment variable that the configuration needs: `secret: env('GITHUB_SECRET')`. One that is unset or empty
 * stops the start, with a message that names the variable and the option.
 *
 * It may be a part of a longer text: `` secret: `webhooks:${env('PASSWORD')}` ``.
 */
export function env(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== '') return value;
  // A marker instead of an exception, so that all problems of the file are reported at once.
  return `\0env(${name})${value === undefined ? 'unset' : 'empty'}\0`;
}

/** A text of the configuration whose variable is missing. */
export type MissingEnv = Readonly<{ path: readonly PropertyKey[]; name: string; isEmpty: boolean }>;

/** Deeper than any valid configuration; ends the search in cyclic values. */
const DEPTH_MAX = 12;

/** Finds the markers that `env` returned for missing variables, at any depth. */
export function findMissingEnv(value: unknown, path: readonly PropertyKey[] = []): MissingEnv[] {
  if (typeof value === 'string') return readMarker(value, path);
  if (typeof value !== 'object' || value === null || path.length > DEPTH_MAX) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    findMissingEnv(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** Whether a value contains such a marker. */
export function lacksEnv(value: unknown): boolean {
  return findMissingEnv(value).length > 0;
}

function readMarker(text: string, path: readonly PropertyKey[]): MissingEnv[] {
  const found = MARKER.exec(text);
  return found === null ? [] : [{ path, name: found[1]!, isEmpty: found[2] === 'empty' }];
}
