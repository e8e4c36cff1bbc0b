import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCountingIds } from '../../testkit/builders.ts';
import { StoreError } from '../domain/errors.ts';
import type { ReceiverEvent } from '../events.ts';
import type { RejectedRequest } from '../store/store.ts';
import { createKeepRejected, KEPT_BODY_BYTES } from './keep-rejected.ts';
import { createRedact } from './redact.ts';

const BOUNDS = { maxRequests: 10, maxBytes: 1e6 };

function setUp(keep: () => Promise<void> = async () => {}, bounds = BOUNDS) {
  const kept: RejectedRequest[] = [];
  const events: ReceiverEvent[] = [];
  const keepRejected = createKeepRejected({
    store: {
      keepRejected(request) {
        kept.push(request);
        return keep();
      },
    },
    bounds,
    newId: createCountingIds(),
    emit: (event) => void events.push(event),
  });
  const reject = (body: Uint8Array = Buffer.from('{}')) =>
    keepRejected({
      source: 'github',
      redact: createRedact([]),
      reason: 'wrong_signature',
      detail: 'It does not fit.',
      request: { method: 'POST', url: '/webhooks/github', headers: ['Cookie', 'a'], contentType: '', body },
      receivedAtMs: 1_700_000_000_000,
    });
  return { reject, kept, events, settled: () => new Promise((resolve) => setImmediate(resolve)) };
}

describe('createKeepRejected', () => {
  it('keeps the request with its reason, secrets redacted', async () => {
    const { reject, kept, events, settled } = setUp();
    reject();
    await settled();
    const [{ id, ...rest }] = kept as [RejectedRequest];
    assert.deepEqual(rest, {
      source: 'github',
      reason: 'wrong_signature',
      detail: 'It does not fit.',
      method: 'POST',
      url: '/webhooks/github',
      headers: ['Cookie', '[redacted]'],
      contentType: '',
      body: Buffer.from('{}'),
      bodyBytes: 2,
      receivedAtMs: 1_700_000_000_000,
    });
    assert.deepEqual(events, [
      { type: 'rejected.kept', source: 'github', requestId: id, reason: 'wrong_signature' },
    ]);
  });

  it('keeps no body that is too long, but its size', async () => {
    const { reject, kept } = setUp();
    reject(new Uint8Array(KEPT_BODY_BYTES));
    reject(new Uint8Array(KEPT_BODY_BYTES + 1));
    assert.equal(kept[0]!.body?.length, KEPT_BODY_BYTES);
    assert.equal(kept[1]!.body, null);
    assert.equal(kept[1]!.bodyBytes, KEPT_BODY_BYTES + 1);
  });

  it('writes a few at once, and only counts the rest', async () => {
    const gate = Promise.withResolvers<void>();
    const { reject, kept, events, settled } = setUp(() => gate.promise);
    for (let i = 0; i < 20; i++) reject();
    assert.equal(kept.length, 16);
    assert.equal(events.filter(({ type }) => type === 'rejected.dropped').length, 4);
    gate.resolve();
    await settled();
    reject();
    assert.equal(kept.length, 17);
  });

  it('tells of a store that fails, and goes on', async () => {
    const error = new StoreError('STORE_FULL', 'the disk is full');
    const { reject, kept, events, settled } = setUp(() => Promise.reject(error));
    for (let i = 0; i < 20; i++) {
      reject();
      await settled();
    }
    assert.equal(kept.length, 20);
    assert.deepEqual(events.slice(0, 2), [
      { type: 'store.failed', operation: 'rejected', error },
      { type: 'rejected.dropped', source: 'github', reason: 'wrong_signature' },
    ]);
  });

  it('keeps nothing where nothing is to be kept', () => {
    const { reject, kept, events } = setUp(undefined, { maxRequests: 0, maxBytes: 0 });
    reject();
    assert.deepEqual(kept, []);
    assert.equal(events.length, 1);
  });
});
