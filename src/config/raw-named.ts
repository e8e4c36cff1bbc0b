type RawObject = Readonly<Record<string, unknown>>;

/** Whether a value is an object with named members. */
export function isObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The sources, destinations or tokens of an unchecked config file, by name; anything but an object becomes an empty one.
 * Checks across settings use it, so that one invalid field does not hide their problems.
 */
export function rawNamed(
  file: unknown,
  kind: 'sources' | 'destinations' | 'tokens',
): readonly (readonly [string, RawObject])[] {
  if (!isObject(file) || !isObject(file[kind])) return [];
  return Object.entries(file[kind]).map(([name, raw]) => [name, isObject(raw) ? raw : {}]);
}
