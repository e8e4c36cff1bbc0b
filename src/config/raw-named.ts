type RawObject = Readonly<Record<string, unknown>>;

/** Whether a value has keys at all. */
export function isObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The sources or destinations of a config file's value before it was found right: whatever there is that looks like
 * one. Checks across settings go by it, so that one wrong field does not hide their mistakes.
 */
export function rawNamed(
  file: unknown,
  kind: 'sources' | 'destinations',
): readonly (readonly [string, RawObject])[] {
  if (!isObject(file) || !isObject(file[kind])) return [];
  return Object.entries(file[kind]).map(([name, raw]) => [name, isObject(raw) ? raw : {}]);
}
