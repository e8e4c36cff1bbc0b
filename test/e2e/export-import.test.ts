import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { appendFile, readdir, readFile, rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { eventually } from '../../testkit/eventually.ts';
import { startReceiver } from '../../testkit/receiver.ts';
import { PROGRAM, receiverFolder } from '../../testkit/receiver-process.ts';
import { envelope, post, statusOf } from '../api/support.ts';

const TOKEN = 'hunter2-hunter2-hunter2';
const EVENTS = 12;

type Exported = Readonly<{
  id: string;
  idempotency_key: string;
  headers: unknown;
  body: string;
  created_at: string;
  origin: string;
}>;

/** What must be equal in both inboxes, in its order. */
function digest(lines: string): string {
  const events = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Exported);
  const facts = events.map(({ id, idempotency_key: key, headers, body, created_at: at }) => [
    id,
    key,
    headers,
    body,
    at,
  ]);
  return hash('sha256', JSON.stringify(facts));
}

async function withTwo(t: TestContext) {
  const handled: string[] = [];
  const env = { ADMIN_TOKEN: TOKEN };
  const one = await startReceiver(t, { env });
  const two = await startReceiver(t, {
    env,
    destinations: { sink: { handler: ({ id, origin }) => void handled.push(`${id} ${origin}`) } },
  });
  const folder = await receiverFolder(t);
  const ids: string[] = [];
  for (let at = 0; at < EVENTS; at += 1) {
    const { json } = await post(`${one.url}/webhooks`, envelope({ payload: { at, text: 'ä"\\\u2028' } }));
    await statusOf(one.url, json.id as string, 'completed');
    ids.push(json.id as string);
  }
  const run = (receiver: { port: number }, ...args: string[]) =>
    folder.run({ ...env, PORT: String(receiver.port) }, { args });
  const file = path.join(folder.path, 'all.ndjson');
  return { one, two, handled, ids, run, file, folder: path.join(folder.path, 'all') };
}

/** What an export says when no file may grow beyond 4 KiB, as if the disk were full in the middle of a line. */
async function runOnFullDisk(port: number, file: string): Promise<string> {
  const command = [process.execPath, '--conditions=source', PROGRAM, 'export', '--reveal', '--out', file];
  const env = { PATH: process.env.PATH, ADMIN_TOKEN: TOKEN, PORT: String(port) };
  const limited = promisify(execFile)('sh', ['-c', 'ulimit -f 8 && exec "$@"', 'sh', ...command], { env });
  const { code, stderr } = await limited.then(
    () => assert.fail('the limit does nothing'),
    (error: { code: number; stderr: string }) => error,
  );
  assert.equal(code, 1);
  return stderr;
}

describe('export and import', () => {
  it('bring bytes, headers, keys, times and order into another inbox, once, and deliver nothing', async (t) => {
    const { one, two, handled, ids, run, file } = await withTwo(t);
    assert.equal((await run(one, 'export', '--reveal', '--out', file)).code, 0);
    const first = await readFile(file, 'utf8');
    assert.deepEqual(
      first
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
      ids.toReversed(),
    );
    const imported = await run(two, 'import', file);
    assert.match(imported.stdout, new RegExp(`^${EVENTS} events imported, 0 were here`));
    assert.match(
      (await run(two, 'import', file)).stdout,
      new RegExp(`^0 events imported, ${EVENTS} were here`),
    );
    assert.equal((await run(two, 'export', '--reveal', '--out', `${file}.two`)).code, 0);
    const second = await readFile(`${file}.two`, 'utf8');
    assert.equal(digest(second), digest(first));
    assert.ok(second.split('\n').every((line) => line === '' || JSON.parse(line).origin === 'imported'));
    assert.deepEqual(handled, []);
  });

  it('go on behind the last whole event, in a file and in a folder', async (t) => {
    const { one, two, ids, run, file, folder } = await withTwo(t);
    const refused = await runOnFullDisk(one.port, file);
    assert.match(refused, /the export ended behind .*: the same command goes on from there \(EFBIG/);
    assert.doesNotMatch(refused, /\n\s+at /);
    assert.match((await run(one, 'export', '--reveal', '--out', file)).stderr, /going on behind/);
    const whole = await readFile(file, 'utf8');
    assert.deepEqual(
      whole
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
      ids.toReversed(),
    );
    await truncate(file, Math.floor(whole.length / 2));
    await appendFile(file, '{"torn');
    assert.match((await run(one, 'export', '--reveal', '--out', file)).stderr, /going on behind/);
    assert.equal(await readFile(file, 'utf8'), whole);

    await run(one, 'export', '--reveal', '--dir', folder);
    const names = (await readdir(folder)).sort();
    assert.equal(names.length, EVENTS);
    for (const name of names.slice(0, 5)) await rm(path.join(folder, name));
    assert.equal((await run(one, 'export', '--reveal', '--dir', folder)).code, 0);
    assert.deepEqual((await readdir(folder)).sort(), names);
    const bytes = await readFile(path.join(folder, names[0]!));
    const { body } = JSON.parse(whole.trim().split('\n').at(-1)!) as Exported;
    assert.equal(bytes.subarray(bytes.indexOf(10) + 1).toString(), body);
    assert.match((await run(two, 'import', folder)).stdout, new RegExp(`^${EVENTS} events imported`));
    await run(two, 'export', '--reveal', '--out', `${file}.two`);
    assert.equal(digest(await readFile(`${file}.two`, 'utf8')), digest(whole));
  });

  it('deliver when asked, in the order of then, overwrite no key, and leave erased events out', async (t) => {
    const { one, two, handled, ids, run, file } = await withTwo(t);
    const erased = await run(one, 'erase', ids[3]!);
    assert.equal(erased.code, 0, erased.stderr);
    const done = await run(one, 'export', '--reveal', '--out', file);
    assert.match(done.stderr, new RegExp(`${EVENTS - 1} events exported, 1 erased`));
    const { idempotency_key: key } = JSON.parse((await readFile(file, 'utf8')).split('\n')[0]!) as Exported;
    const own = await post(`${two.url}/webhooks`, envelope({ idempotency_key: key }));
    const imported = await run(two, 'import', file, '--deliver');
    assert.match(imported.stdout, new RegExp(`^${EVENTS - 2} events imported, 0 were here, 1 not`));
    await eventually(
      'all are delivered',
      () => handled.length === EVENTS - 1,
      () => handled.length,
    );
    assert.equal(handled.filter((one) => one.endsWith(' imported')).length, EVENTS - 2);
    assert.ok(handled.includes(`${own.json.id} received`));
  });

  it('are masked unless revealed, and what is masked is not imported', async (t) => {
    const { one, two, run, file } = await withTwo(t);
    await run(one, 'export', '--out', file);
    const refused = await run(two, 'import', file);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /exported without --reveal/);
    const full = await run(one, 'export', '--out', '/dev/full');
    assert.equal(full.code, 1);
    assert.match(full.stderr, /ENOSPC/);
    assert.doesNotMatch(full.stderr, /\n\s+at /);
  });
});
