/**
 * Resolves what belongs to a label's value once, so that counting an event is a map lookup. A name outside the
 * configured ones shares the empty label: no client can add a series.
 */
export function perName<T>(names: readonly string[], make: (name: string) => T): (name: string | null) => T {
  const known = new Map(names.map((name) => [name, make(name)]));
  const unknown = make('');
  return (name) => (name === null ? unknown : (known.get(name) ?? unknown));
}

/** Milliseconds as Prometheus wants them. A clock that stepped back must not take anything from a sum. */
export function seconds(ms: number): number {
  return ms > 0 ? ms / 1000 : 0;
}
