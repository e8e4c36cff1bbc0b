import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anEvent, nextId } from '../../../testkit/builders.ts';
import { ORIGINS } from '../../domain/event.ts';
import type { Store } from '../store.ts';
import { claimOf, insertFor, leaseNext, openFor, type StoreFactory, T0 } from './harness.ts';
import { plainEvent } from './snapshot.ts';

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);

const BODIES: Readonly<Record<string, Uint8Array>> = {
  empty: new Uint8Array(0),
  'every byte value': EVERY_BYTE,
  'one zero byte': Uint8Array.of(0),
  'bytes that are no UTF-8': Uint8Array.of(0xc3, 0x28, 0xff, 0xfe, 0x80),
  'a byte order mark': Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d),
  'a part of a larger buffer': EVERY_BYTE.subarray(100, 110),
  '1 MiB': new Uint8Array(1024 * 1024).map((_, at) => (at * 31 + (at >>> 8)) & 0xff),
};

const HEADERS: Readonly<Record<string, readonly string[]>> = {
  none: [],
  'repeats, in their order': ['Set-Cookie', 'a=1', 'X-Trace', '7', 'Set-Cookie', 'b=2', 'Set-Cookie', 'a=1'],
  'odd casing': ['hOsT', 'x', 'HOST', 'y', 'host', 'z'],
  'empty values': ['X-Empty', '', 'X-Other', '1', 'X-Empty', ''],
  'latin1 characters': ['X-Name', 'J\u00fcrgen \u00ff\u0080\u00a0', 'X-Tab', 'a\tb'],
  'quotes and backslashes': ['X-Json', '{"a":"\\"\\u00ff\\\\"}', "X-'", "it's; --"],
  'spaces around': ['X-Spaces', '  two  '],
  many: Array.from({ length: 400 }, (_, at) => (at % 2 === 0 ? `X-${at}` : `value ${at}`)),
};

/** Bytes are kept as they came, so that a destination can verify the provider's own signature. */
export function bytesConformance(factory: StoreFactory): void {
  describe('bytes', () => {
    test('bodies come back byte for byte, whether read or claimed', async (t) => {
      const { store } = await openFor(t, factory);
      for (const [name, body] of Object.entries(BODIES)) {
        const { read, claimed } = await roundTrip(store, { body });
        assert.ok(Buffer.from(body).equals(read.body), `${name}: read ${read.body.length} bytes`);
        assert.ok(Buffer.from(body).equals(claimed.body), `${name}: claimed ${claimed.body.length} bytes`);
      }
    });

    test('headers come back in their order, casing and repetition', async (t) => {
      const { store } = await openFor(t, factory);
      for (const [name, headers] of Object.entries(HEADERS)) {
        const { read, claimed } = await roundTrip(store, { headers });
        assert.deepEqual(read.headers, headers, name);
        assert.deepEqual(claimed.headers, headers, name);
      }
    });

    test('an event keeps its origin, read, claimed and viewed, beside others in one batch', async (t) => {
      const { store } = await openFor(t, factory);
      const events = [...ORIGINS, ...ORIGINS].map((origin) => anEvent({ origin }));
      const mark = { digest: new Uint8Array(16).fill(7), sinceMs: 0 };
      await Promise.all(
        events.map((event, at) =>
          store.insertEvent(event, ['a'], at === 1 ? mark : null, at === 2 ? 0 : null),
        ),
      );
      for (const event of events) {
        assert.equal((await store.readEvent(event.id))!.origin, event.origin);
        assert.equal((await store.eventById(event.id))!.origin, event.origin);
        const again = await store.insertEvent({ ...event, id: nextId(T0), origin: 'received' }, ['a']);
        assert.equal(again.kind === 'duplicate' && again.event.origin, event.origin);
      }
      const { leased } = await store.claim(claimOf(['a'], { limit: events.length }));
      const origins = new Map(leased.map(({ event }) => [event.id, event.origin]));
      for (const { id, origin } of events) assert.equal(origins.get(id), origin);
    });

    test('everything else of the request comes back too', async (t) => {
      const { store } = await openFor(t, factory);
      const { event, read, claimed } = await roundTrip(store, {
        source: 'gro\u00df-\u{1f4e6}',
        idempotencyKey: "cl\u00e9 'a' \u{1f511}",
        eventType: 'commande.cr\u00e9\u00e9e',
        method: 'PUT',
        url: '/webhooks/x?sig=%20a&b=\u00ff#\'"',
        contentType: '',
        receivedAtMs: 1_767_225_600_123,
      });
      assert.deepEqual(plainEvent(read), plainEvent(event));
      assert.deepEqual(plainEvent(claimed), plainEvent(event));
    });

    test('what a caller does to bytes after they are stored, or read, changes nothing', async (t) => {
      const { store } = await openFor(t, factory);
      const body = Buffer.from('first');
      const headers = ['X-A', '1'];
      const { event } = await insertFor(store, ['billing'], { body, headers });
      body.fill(0);
      headers[1] = '2';
      for (const read of [(await store.readEvent(event.id))!, (await leaseNext(store, 'billing')).event]) {
        read.body.fill(0);
        (read.headers as string[]).length = 0;
      }
      const kept = (await store.readEvent(event.id))!;
      assert.equal(Buffer.from(kept.body).toString(), 'first');
      assert.deepEqual(kept.headers, ['X-A', '1']);
    });
  });
}

async function roundTrip(store: Store, overrides: Parameters<typeof insertFor>[2]) {
  const { event } = await insertFor(store, ['billing'], overrides);
  const claimed = (await leaseNext(store, 'billing', event.receivedAtMs)).event;
  assert.equal(claimed.id, event.id);
  return { event, read: (await store.readEvent(event.id))!, claimed };
}
