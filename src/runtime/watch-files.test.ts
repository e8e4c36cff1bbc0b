import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { tempDir } from '../../testkit/temp-dir.ts';
import { POLL_MS, SETTLE_MS, watchFiles } from './watch-files.ts';

async function start(t: Parameters<typeof tempDir>[0], files: (folder: string) => string[]) {
  const folder = await tempDir(t);
  const clock = createFakeClock();
  let changes = 0;
  const watched = files(folder);
  for (const file of watched) await writeFile(file, 'first');
  let list = watched;
  const watch = watchFiles(
    () => list,
    clock,
    async () => {
      changes += 1;
    },
  );
  let stopped = false;
  const stop = () => {
    stopped = true;
    watch.stop();
  };
  t.after(async () => stop());
  /** The files are read, and the watcher waits for the clock again. */
  const untilItWaits = async () => {
    while (clock.pending() === 0 && !stopped) await new Promise((resolve) => setImmediate(resolve));
  };
  await untilItWaits();
  /** Whether a notice of the file system comes or not, one of these waits is the last before a comparison. */
  const poll = async () => {
    for (const waitMs of [POLL_MS, SETTLE_MS, POLL_MS, SETTLE_MS]) {
      await clock.advance(waitMs);
      await untilItWaits();
    }
    return changes;
  };
  return {
    folder,
    poll,
    watch: (next: string[]) => {
      list = next;
    },
    stop,
  };
}

describe('watchFiles', () => {
  it('tells of a change of content, of a file that appears, and of one that is gone, once each', async (t) => {
    const { folder, poll } = await start(t, (at) => [join(at, 'a')]);
    assert.equal(await poll(), 0);
    await writeFile(join(folder, 'a'), 'second');
    assert.equal(await poll(), 1);
    await writeFile(join(folder, 'a'), 'second');
    assert.equal(await poll(), 1, 'written, and as it was');
    await rm(join(folder, 'a'));
    assert.equal(await poll(), 2);
    await writeFile(join(folder, 'a'), 'second');
    assert.equal(await poll(), 3);
  });

  it('tells of a link that is replaced, as Kubernetes updates a volume', async (t) => {
    const { folder, poll, watch } = await start(t, () => []);
    const at = (name: string) => join(folder, name);
    for (const version of ['v1', 'v2']) {
      await mkdir(at(version));
      await writeFile(at(`${version}/token`), version);
    }
    await symlink('v1', at('..data'));
    await symlink('..data/token', at('token'));
    watch([at('token')]);
    assert.equal(await poll(), 1, 'a file that was not compared before may have changed since it was read');
    assert.equal(await poll(), 1);
    await symlink('v2', at('..data_tmp'));
    await rename(at('..data_tmp'), at('..data'));
    assert.equal(await poll(), 2);
  });

  it('ends', async (t) => {
    const { folder, poll, stop } = await start(t, (at) => [join(at, 'a')]);
    stop();
    await writeFile(join(folder, 'a'), 'second');
    assert.equal(await poll(), 0);
  });
});
