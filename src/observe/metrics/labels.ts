import type { Names } from './names.ts';

/**
 * Makes the series of each name once, so that counting an event is a map lookup. Names that are not configured share the
 * empty label: no client can add a series.
 */
export function perName<T>(names: Names, make: (name: string) => T): (name: string | null) => T {
  const known = new Map<string, T>();
  names.each((name) => known.set(name, make(name)));
  const unknown = make('');
  return (name) => (name === null ? unknown : (known.get(name) ?? unknown));
}

/** Seconds for Prometheus. A negative duration, of a clock that stepped back, counts as 0 so that no sum falls. */
export function seconds(ms: number): number {
  return ms > 0 ? ms / 1000 : 0;
}
