import { storeConformance } from '../conformance/index.ts';
import { openMemoryStore } from './open.ts';

storeConformance(
  'memory',
  async (options) => {
    const store = openMemoryStore(options);
    return { store, dispose: () => store.close() };
  },
  false,
);
