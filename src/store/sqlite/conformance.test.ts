import { join } from 'node:path';
import { createTempDir } from '../../../testkit/temp-dir.ts';
import { storeConformance } from '../conformance/index.ts';
import { openSqliteStore } from './open.ts';

storeConformance(
  'sqlite',
  async (options) => {
    const dir = await createTempDir();
    const open = () => openSqliteStore({ ...options, path: join(dir.path, 'events.db') });
    let store = await open();
    return {
      store,
      async reopen() {
        await store.close();
        store = await open();
        return store;
      },
      async dispose() {
        await store.close();
        await dir.remove();
      },
    };
  },
  true,
);
