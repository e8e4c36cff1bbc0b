/** Configured names that label series. A reload replaces them; series of a removed name stay until the process ends. */
export type Names<T = string> = Readonly<{
  /** Those of the configuration in effect. */
  current(): readonly T[];
  /** Visits each name once: those of now, and every one that a reload adds. */
  each(visit: (name: T) => void): void;
}>;

export type ReplaceableNames<T = string> = Names<T> & Readonly<{ use(names: readonly T[]): void }>;

/** @param keyOf tells names apart */
export function createNames<T = string>(
  first: readonly T[] = [],
  keyOf: (name: T) => string = String,
): ReplaceableNames<T> {
  const known = new Map<string, T>();
  const visitors: ((name: T) => void)[] = [];
  let current: readonly T[] = [];

  const use = (names: readonly T[]) => {
    current = names;
    for (const name of names) {
      const key = keyOf(name);
      if (known.has(key)) continue;
      known.set(key, name);
      for (const visit of visitors) visit(name);
    }
  };
  use(first);
  return {
    current: () => current,
    each(visit) {
      visitors.push(visit);
      for (const name of known.values()) visit(name);
    },
    use,
  };
}
