/** Connects parts that are made before each other: whichever exists first raises, whichever exists later listens. */
export type Signal<Args extends readonly unknown[] = []> = Readonly<{
  /** Calls every listener at once, in the order of listening. Without listeners it does nothing. */
  raise(...args: Args): void;
  listen(listener: (...args: Args) => void): void;
}>;

export function createSignal<Args extends readonly unknown[] = []>(): Signal<Args> {
  const listeners: ((...args: Args) => void)[] = [];
  return {
    raise: (...args) => {
      for (const listener of listeners) listener(...args);
    },
    listen: (listener) => void listeners.push(listener),
  };
}
