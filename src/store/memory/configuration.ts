import type { Verbs } from '../forward.ts';
import type { ConfigurationStore } from '../store.ts';
import { appendAudit } from './audit.ts';
import type { State } from './state.ts';

/** @see ConfigurationStore */
export const configurationVerbs: Verbs<State, keyof ConfigurationStore> = {
  readConfiguration: ({ configuration }) => new Map(configuration),
  keepConfiguration(state, digests, audit) {
    if (digests !== null) {
      state.configuration.clear();
      for (const [path, digest] of digests) state.configuration.set(path, digest);
    }
    appendAudit(state, audit);
  },
};
