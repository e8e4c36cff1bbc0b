import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What `tempDir` needs of a test's context. */
type Cleanup = Readonly<{ after(clean: () => Promise<void>): void }>;

/** A new empty directory that is gone when the test is over. */
export async function tempDir(t: Cleanup): Promise<string> {
  const { path, remove } = await createTempDir();
  t.after(remove);
  return path;
}

/** A new empty directory for as long as its caller wants it. */
export async function createTempDir(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'webhook-receiver-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
