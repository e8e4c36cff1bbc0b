import { createHashNames, type HashNames } from '../erased-names.ts';
import type { Query, Statement } from './database.ts';

export const SECRET: Statement<{ secret: Uint8Array }> = {
  name: 'erasure_secret',
  text: 'select secret from erasure',
};

/** The hashes of the names of erased events, on this node. */
export type Erasure = Readonly<{
  /** Null as long as this node knows of no erase. */
  names(): HashNames | null;
  /** The same, after a look. */
  read(query: Query): Promise<HashNames | null>;
}>;

export function createErasure(): Erasure {
  let names: HashNames | null = null;
  return {
    names: () => names,
    async read(query) {
      if (names !== null) return names;
      const [row] = await query(SECRET);
      if (row !== undefined) names = createHashNames(row.secret);
      return names;
    },
  };
}
