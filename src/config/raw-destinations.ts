type RawObject = Readonly<Record<string, unknown>>;

/**
 * The destinations of a config file's value before it was found right: whatever there is that looks like one.
 * Checks across settings go by it, so that one wrong field does not hide their mistakes.
 */
export function rawDestinations(file: unknown): readonly (readonly [string, RawObject])[] {
  if (!isObject(file) || !isObject(file.destinations)) return [];
  return Object.entries(file.destinations).map(([name, raw]) => [name, isObject(raw) ? raw : {}]);
}

function isObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
