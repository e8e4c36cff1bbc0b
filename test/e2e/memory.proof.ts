import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { startHeldDestination } from './support/destination.ts';

const SECRET = 'a-secret-of-the-proof';
const SENDERS = 32;
const LARGEST = 25 * 1024 * 1024;

/** Bodies that become the most values, or the longest, for their bytes. */
const SHAPES: readonly string[] = ['{},', '[],', '1,', '"",', '{"a":1234567890123456},', '"x",'];

function bodyOf(shape: string, bytes: number): Buffer {
  const head = '{"object_kind":"x","action":"a","list":[';
  const count = Math.floor((bytes - head.length - 10) / shape.length);
  return Buffer.from(`${head}${shape.repeat(count)}0]}`);
}

/** Bytes of memory that the limit of the Kubernetes manifest allows. */
function memoryLimit(): number {
  const manifest = readFileSync(join(import.meta.dirname, '../../deploy/kubernetes/deployment.yaml'), 'utf8');
  const [, mebibytes] = /limits: \{ memory: (\d+)Mi \}/.exec(manifest)!;
  return Number(mebibytes) * 1024 * 1024;
}

/** What the image sets for the C library's allocator. */
function allocatorSettings(): Record<string, string> {
  const image = readFileSync(join(import.meta.dirname, '../../Dockerfile'), 'utf8');
  const settings = [...image.matchAll(/\b(MALLOC_\w+)=(\d+)/g)];
  return Object.fromEntries(settings.map(([, name, value]) => [name!, value!]));
}

/** The most memory that a process has had so far. */
function peakOf(pid: number): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kibibytes) * 1024;
}

const skip = process.platform !== 'linux' && 'the peak of another process is read from /proc';

test('32 senders of the worst bodies stay under the memory limit of deploy/kubernetes', {
  skip,
}, async (t) => {
  const destination = await startHeldDestination(t);
  destination.release();
  const folder = await receiverFolder(t, {
    config: `export default {
      sources: {
        github: { provider: 'github', secret: '${SECRET}' },
        monday: { provider: 'monday', secret: '${SECRET}', maxBodyBytes: ${LARGEST} },
      },
      destinations: { out: { url: ${JSON.stringify(destination.url)}, orderBy: 'body:/action', concurrency: 4 } },
    };`,
  });
  const receiver = await folder.start(allocatorSettings());
  const statuses = new Map<number, number>();
  const send = async (source: string, body: Buffer, isSigned: boolean, at: number) => {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (source === 'github') {
      const mac = createHmac('sha256', isSigned ? SECRET : 'wrong')
        .update(body)
        .digest('hex');
      headers['x-hub-signature-256'] = `sha256=${mac}`;
      headers['x-github-event'] = 'push';
      headers['x-github-delivery'] = `d-${at}`;
    }
    const answer = await fetch(`${receiver.url}/webhooks/${source}`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
  };
  let at = 0;
  for (const shape of SHAPES) {
    const body = bodyOf(shape, LARGEST);
    const sending = Array.from({ length: SENDERS }, (_, sender) => {
      at += 1;
      // A sender that is refused in mid-body may lose its connection: that is its answer.
      return send(sender % 4 === 3 ? 'monday' : 'github', body, sender % 4 !== 0, at).catch(() => {});
    });
    await Promise.all(sending);
    t.diagnostic(`${shape} peak ${Math.round(peakOf(receiver.pid) / 1024 / 1024)} MiB`);
  }
  assert.ok((statuses.get(202) ?? 0) > 0, `accepted nothing: ${JSON.stringify([...statuses])}`);
  assert.ok(peakOf(receiver.pid) < memoryLimit(), `peak ${peakOf(receiver.pid)}, limit ${memoryLimit()}`);
});
