import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { eventually } from '../../testkit/eventually.ts';
import { type ReceiverFolder, type ReceiverProcess, receiverFolder } from '../../testkit/receiver-process.ts';
import { createTempDir } from '../../testkit/temp-dir.ts';
import {
  type Answer,
  anEnvelope,
  eventByKey,
  eventInStatus,
  get,
  metricSum,
  postEvent,
} from './support/client.ts';
import { assertRefusal } from './support/refusal.ts';
import { readStored, withStore } from './support/stored.ts';

const exec = promisify(execFile);

/** Some kilobytes each, so that little space is soon used up. */
const envelopeOf = (key: string) => anEnvelope(key, { payload: { filler: key.padEnd(8000, '.') } });

const CONFIG = 'export default { destinations: { quick: { handler: () => {} } } };';

/** Takes all space from the receiver, and gives it back. */
type Disk = Readonly<{ fill(receiver: ReceiverProcess): Promise<void>; free(): Promise<void> }>;

describe('a disk without space', () => {
  it('costs 503 and nothing else: no event, no process, no restart', async (t) => {
    const folder = await receiverFolder(t, { config: CONFIG });
    const disk = await limitedFileSize();
    if (disk === null) return t.skip('prlimit (util-linux) is not there');
    await outlastsFullDisk(t, folder, folder.databasePath, disk);
  });

  it('does so on a file system that is full', async (t) => {
    const folder = await receiverFolder(t, { config: CONFIG });
    const volume = await smallFileSystem(t);
    if (volume === null) return t.skip('no file system can be mounted here');
    await outlastsFullDisk(t, folder, join(volume.path, 'events.db'), volume.disk);
  });

  it('is named as the reason when nothing can be started on it', async (t) => {
    const folder = await receiverFolder(t, { config: CONFIG });
    const volume = await smallFileSystem(t);
    if (volume === null) return t.skip('no file system can be mounted here');
    await volume.fill();
    const refused = await folder.run({ DB_PATH: join(volume.path, 'events.db') });
    assertRefusal(refused, /events\.db: .*full/);
  });
});

async function outlastsFullDisk(t: TestContext, folder: ReceiverFolder, path: string, disk: Disk) {
  const receiver = await folder.start({ DB_PATH: path });
  const { url } = receiver;
  const acknowledged = new Map<string, string>();
  const post = async (key: string): Promise<Answer> => {
    const answer = await postEvent(url, envelopeOf(key));
    if (answer.status === 202 || answer.status === 200) acknowledged.set(key, String(answer.body.id));
    return answer;
  };
  await post('before');
  await eventInStatus(url, 'before', 'completed');

  await disk.fill(receiver);
  const refused = await eventually('an event is refused', async () => {
    const answer = await post(`filling-${acknowledged.size}`);
    return answer.status !== 202 && answer;
  });
  t.diagnostic(`refused after ${acknowledged.size} events: ${refused.body.detail}`);
  assertStoreError(refused);
  for (const key of ['refused-1', 'refused-2']) assertStoreError(await post(key));
  // A ready that was found a moment ago holds for a second.
  await eventually('it is not ready', async () => (await get(url, '/ready')).status === 503);
  assert.equal((await get(url, '/health')).status, 200);
  assert.ok((await metricSum(url, 'webhook_store_errors_total', 'operation="insert"')) >= 3);
  assert.ok((await metricSum(url, 'webhook_events_total', 'reason="store_error"')) >= 3);
  for (const [key, id] of acknowledged) assert.equal((await eventByKey(url, key))?.id, id);
  for (const key of ['refused-1', 'refused-2']) assert.equal(await eventByKey(url, key), null);

  await disk.free();
  const accepted = await eventually('events are taken again', async () => {
    const answer = await post('refused-1');
    return answer.status !== 503 && answer;
  });
  assert.equal(accepted.status, 202);
  await eventually('it is ready', async () => (await get(url, '/ready')).status === 200);
  for (const key of acknowledged.keys()) await eventInStatus(url, key, 'completed');
  assert.equal((await receiver.stop()).code, 0);

  await withStore(path, async (store) => {
    for (const [key, id] of acknowledged) {
      const { event } = (await readStored(store, key))!;
      assert.equal(event.id, id);
      assert.deepEqual(JSON.parse(Buffer.from(event.body).toString()), envelopeOf(key));
    }
    assert.equal((await store.stats()).events, acknowledged.size);
    assert.equal(await readStored(store, 'refused-2'), null);
  });
}

function assertStoreError({ status, headers, body }: Answer): void {
  assert.deepEqual([status, body.code], [503, 'store_error']);
  assert.match(headers.get('retry-after')!, /^[1-9]\d*$/);
}

/** A limit on the size of the files that the process writes: the kernel refuses what lies beyond. */
async function limitedFileSize(): Promise<Disk | null> {
  const limit = async (pid: number, bytes: number | 'unlimited') => {
    // The soft limit alone, which may be raised again.
    await exec('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:`]);
  };
  let limited = 0;
  try {
    await exec('prlimit', ['--version']);
  } catch {
    return null;
  }
  return {
    async fill({ pid }) {
      limited = pid;
      await limit(pid, 300_000);
    },
    free: () => limit(limited, 'unlimited'),
  };
}

/** A file system of its own, small and in memory; null where mounting is not allowed. */
async function smallFileSystem(t: TestContext) {
  const { path, remove } = await createTempDir();
  try {
    await exec('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'webhook-receiver-test', path]);
  } catch {
    await remove();
    return null;
  }
  t.after(async () => {
    await exec('umount', ['--lazy', path]);
    await remove();
  });
  const filler = join(path, 'filler');
  const fill = async () => {
    const { bavail, bsize } = await statfs(path);
    await writeFile(filler, Buffer.alloc(bavail * bsize));
  };
  return { path, fill, disk: { fill, free: () => rm(filler) } satisfies Disk };
}
