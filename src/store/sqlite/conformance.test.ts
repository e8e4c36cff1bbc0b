import { join } from 'node:path';
import { createTempDir } from '../../../testkit/temp-dir.ts';
import { openReopenable, storeConformance } from '../conformance/index.ts';
import { openSqliteStore } from './open.ts';

storeConformance(
  'sqlite',
  async (options) => {
    const dir = await createTempDir();
    return openReopenable(
      () => openSqliteStore({ ...options, path: join(dir.path, 'events.db') }),
      dir.remove,
    );
  },
  true,
);
