import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anAudit, anEvent, aRejectedRequest as aRequest, nextId } from '../../../testkit/builders.ts';
import { createSeededRandom } from '../../../testkit/seeded-random.ts';
import { type RejectedBounds, type RejectedRequest, rejectedBytes, type Store } from '../store.ts';
import { openFor, type StoreFactory, T0 } from './harness.ts';

const WIDE: RejectedBounds = { maxRequests: 1_000, maxBytes: 1 << 30 };

/** Requests that were refused, kept to be looked at, within bounds. */
export function rejectedConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('rejected', () => {
    test('what is not there is null, unknown or empty', async (t) => {
      const { store } = await openFor(t, factory);
      assert.equal(await store.readRejected(nextId(T0)), null);
      assert.equal(await store.dropRejected(nextId(T0), anAudit()), 'unknown');
      assert.deepEqual(await store.listRejected(10, null, null), { requests: [], next: null });
      assert.deepEqual(await store.listRejected(10, null, 'github'), { requests: [], next: null });
      assert.equal(await store.purgeRejected(T0, 10), 0);
    });

    test('a request comes back as it was, its bytes included', async (t) => {
      const { store } = await openFor(t, factory);
      const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      for (const body of [null, new Uint8Array(0), everyByte, everyByte.subarray(100, 110)]) {
        const request = aRequest({
          source: 'gro\u00df-\u{1f4e6}',
          detail: "it's \u{1f511}",
          headers: ['X-A', 'J\u00fcrgen', 'x-a', '', 'X-A', '"'],
          contentType: '',
          body,
          bodyBytes: 9_999,
        });
        await store.keepRejected(request, WIDE);
        assert.deepEqual(plain(await store.readRejected(request.id)), plain(request));
      }
    });

    test('what a caller does to the bytes afterwards, or a reader, changes nothing', async (t) => {
      const { store } = await openFor(t, factory);
      const body = Buffer.from('first');
      const request = aRequest({ body });
      await store.keepRejected(request, WIDE);
      body.fill(0);
      (await store.readRejected(request.id))!.body!.fill(0);
      assert.equal(Buffer.from((await store.readRejected(request.id))!.body!).toString(), 'first');
    });

    test('a list shows the newest first, without headers and body, of one source or of all', async (t) => {
      const { store } = await openFor(t, factory);
      const requests = ['a', 'b', 'a', 'c'].map((source) => aRequest({ source }));
      for (const request of requests) await store.keepRejected(request, WIDE);
      const { headers: _headers, body: _body, ...summary } = requests[3]!;
      assert.deepEqual((await store.listRejected(1, null, null)).requests, [summary]);
      assert.deepEqual(await pagesOf(store, 10, null), [idsOf(requests).toReversed()]);
      assert.deepEqual(await pagesOf(store, 10, 'a'), [[requests[2]!.id, requests[0]!.id]]);
      assert.deepEqual(await pagesOf(store, 10, 'd'), [[]]);
    });

    test('pages hold up to the limit, follow on each other and end with a null', async (t) => {
      const { store } = await openFor(t, factory);
      const requests = Array.from({ length: 12 }, (_, at) => aRequest({ source: at % 2 === 0 ? 'a' : 'b' }));
      for (const request of requests) await store.keepRejected(request, WIDE);
      const all = idsOf(requests).toReversed();
      const ofA = idsOf(requests.filter(({ source }) => source === 'a')).toReversed();
      assert.deepEqual(await pagesOf(store, 8, null), [all.slice(0, 8), all.slice(8)]);
      assert.deepEqual(await pagesOf(store, 6, null), [all.slice(0, 6), all.slice(6)]);
      assert.deepEqual(await pagesOf(store, 3, 'a'), [ofA.slice(0, 3), ofA.slice(3)]);
      assert.deepEqual(await pagesOf(store, 4, 'a'), [ofA.slice(0, 4), ofA.slice(4)]);
      assert.deepEqual(await pagesOf(store, 6, 'a'), [ofA]);
    });

    test('what is kept or dropped meanwhile does not shift the pages that follow', async (t) => {
      const { store } = await openFor(t, factory);
      const requests = Array.from({ length: 5 }, () => aRequest());
      for (const request of requests) await store.keepRejected(request, WIDE);
      const { next } = await store.listRejected(2, null, null);
      for (const { id } of requests.slice(2)) await store.dropRejected(id, anAudit());
      await store.keepRejected(aRequest(), WIDE);
      const page = await store.listRejected(10, next, null);
      assert.deepEqual(idsOf(page.requests), [requests[1]!.id, requests[0]!.id]);
    });

    test('a source has at most so many, and its oldest go', async (t) => {
      const { store } = await openFor(t, factory);
      const bounds = { ...WIDE, maxRequests: 3 };
      const other = aRequest({ source: 'other' });
      await store.keepRejected(other, bounds);
      const requests = Array.from({ length: 5 }, () => aRequest());
      for (const request of requests) await store.keepRejected(request, bounds);
      assert.deepEqual(await idsIn(store), idsOf(requests.slice(2)));
      assert.deepEqual(await idsIn(store, 'other'), [other.id]);
      assert.equal(await store.readRejected(requests[1]!.id), null);
    });

    test('a source has at most so many bytes, reached exactly', async (t) => {
      const { store } = await openFor(t, factory);
      const requests = Array.from({ length: 4 }, () => aRequest({ body: Buffer.alloc(1_000) }));
      const bounds = { ...WIDE, maxBytes: 3 * rejectedBytes(requests[0]!) };
      for (const request of requests.slice(0, 3)) await store.keepRejected(request, bounds);
      assert.deepEqual(await idsIn(store), idsOf(requests.slice(0, 3)));
      await store.keepRejected(requests[3]!, bounds);
      assert.deepEqual(await idsIn(store), idsOf(requests.slice(1)));
      // One byte more than two of them take up.
      const large = aRequest({ body: Buffer.alloc(1_000 + rejectedBytes(requests[0]!) + 1) });
      await store.keepRejected(large, bounds);
      assert.deepEqual(await idsIn(store), [large.id]);
    });

    test('one that exceeds a bound by itself is not kept, and nothing goes for it', async (t) => {
      const { store } = await openFor(t, factory);
      const kept = aRequest();
      await store.keepRejected(kept, WIDE);
      const large = aRequest({ body: Buffer.alloc(5_000) });
      const bytes = rejectedBytes(large);
      await store.keepRejected(large, { ...WIDE, maxBytes: bytes - 1 });
      await store.keepRejected(aRequest(), { ...WIDE, maxRequests: 0 });
      assert.deepEqual(await idsIn(store), [kept.id]);
      await store.keepRejected(large, { ...WIDE, maxBytes: bytes });
      assert.deepEqual(await idsIn(store), [large.id]);
    });

    test('bounds that were lowered hold from the next request on', async (t) => {
      const { store } = await openFor(t, factory);
      const requests = Array.from({ length: 10 }, () => aRequest());
      for (const request of requests) await store.keepRejected(request, WIDE);
      const last = aRequest();
      await store.keepRejected(last, { ...WIDE, maxRequests: 2 });
      assert.deepEqual(await idsIn(store), [requests[9]!.id, last.id]);
    });

    test('what was dropped or purged makes room', async (t) => {
      const { store } = await openFor(t, factory);
      const requests = Array.from({ length: 6 }, (_, at) => aRequest({ receivedAtMs: T0 + at }));
      const bounds = { maxRequests: 3, maxBytes: 3 * rejectedBytes(requests[0]!) };
      for (const request of requests.slice(0, 3)) await store.keepRejected(request, bounds);
      assert.equal(await store.dropRejected(requests[1]!.id, anAudit()), 'dropped');
      assert.equal(await store.dropRejected(requests[1]!.id, anAudit()), 'unknown');
      await store.keepRejected(requests[3]!, bounds);
      assert.deepEqual(await idsIn(store), idsOf([requests[0]!, requests[2]!, requests[3]!]));
      assert.equal(await store.purgeRejected(T0 + 3, 10), 2);
      for (const request of requests.slice(4)) await store.keepRejected(request, bounds);
      assert.deepEqual(await idsIn(store), idsOf(requests.slice(3)));
    });

    test('a purge deletes those received before the limit, the oldest first, whatever their source', async (t) => {
      const { store } = await openFor(t, factory);
      const ages = [30, 10, 100, 0, 20];
      const requests = ages.map((age, at) =>
        aRequest({ source: at % 2 === 0 ? 'a' : 'b', receivedAtMs: T0 - age }),
      );
      for (const request of requests) await store.keepRejected(request, WIDE);
      assert.equal(await store.purgeRejected(T0, 2), 2);
      assert.deepEqual(await idsIn(store, null), idsOf([requests[1]!, requests[3]!, requests[4]!]));
      assert.equal(await store.purgeRejected(T0, 2), 2);
      assert.equal(await store.purgeRejected(T0, 2), 0);
      assert.deepEqual(await idsIn(store, null), [requests[3]!.id]);
    });

    test('a purge of many goes up to its limit', async (t) => {
      const { store } = await openFor(t, factory);
      const requests = Array.from({ length: 150 }, () => aRequest());
      await Promise.all(requests.map((request) => store.keepRejected(request, WIDE)));
      assert.equal(await store.purgeRejected(T0 + 1, 100), 100);
      assert.equal(await store.purgeRejected(T0 + 1, 100), 50);
      assert.deepEqual(await idsIn(store), []);
    });

    test('many at once keep their order, their bytes and the bounds', async (t) => {
      const { store } = await openFor(t, factory);
      const random = createSeededRandom(2);
      const requests = Array.from({ length: 100 }, (_, at) => {
        const body = new Uint8Array(random.int(3_000));
        random.fill(body);
        return aRequest({ source: at % 2 === 0 ? 'a' : 'b', body });
      });
      const bounds = { ...WIDE, maxRequests: 20 };
      await Promise.all([
        ...requests.map((request) => store.keepRejected(request, bounds)),
        store.insertEvent(anEvent(), ['billing']),
      ]);
      const kept = requests.slice(60);
      assert.deepEqual(await idsIn(store, null), idsOf(kept));
      for (const request of kept)
        assert.deepEqual(plain(await store.readRejected(request.id)), plain(request));
      assert.equal((await store.stats()).events, 1);
    });

    test('an id that is taken fails alone, and nothing goes for it', async (t) => {
      const { store } = await openFor(t, factory);
      const [one, two] = [aRequest(), aRequest()];
      const bounds = { ...WIDE, maxRequests: 2 };
      await store.keepRejected(one, bounds);
      const outcomes = await Promise.allSettled([
        store.keepRejected(two, bounds),
        store.keepRejected(aRequest({ id: two.id }), bounds),
        store.insertEvent(anEvent(), []),
      ]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
      assert.deepEqual(await idsIn(store), [one.id, two.id]);
    });

    if (isDurable) {
      test('requests and their bounds survive a reopen', async (t) => {
        const { store, reopen } = await openFor(t, factory);
        const requests = Array.from({ length: 4 }, () => aRequest());
        const bounds = { ...WIDE, maxRequests: 3 };
        for (const request of requests.slice(0, 3)) await store.keepRejected(request, bounds);
        const reopened: Store = await reopen!();
        await reopened.keepRejected(requests[3]!, bounds);
        assert.deepEqual(await idsIn(reopened), idsOf(requests.slice(1)));
        assert.deepEqual(plain(await reopened.readRejected(requests[1]!.id)), plain(requests[1]!));
      });
    }
  });
}

/** A request whose body compares by its bytes, whichever class a driver reads them into. */
function plain(request: RejectedRequest | null): unknown {
  return request === null
    ? null
    : { ...request, body: request.body && Buffer.from(request.body).toString('hex') };
}

function idsOf(requests: readonly Pick<RejectedRequest, 'id'>[]): string[] {
  return requests.map(({ id }) => id);
}

/** What is kept of a source, or with null of all, the oldest first. */
async function idsIn(store: Store, source: string | null = 'github'): Promise<string[]> {
  return idsOf((await store.listRejected(1_000, null, source)).requests).toReversed();
}

async function pagesOf(store: Store, limit: number, source: string | null): Promise<string[][]> {
  const pages: string[][] = [];
  let before: string | null = null;
  do {
    const page = await store.listRejected(limit, before, source);
    pages.push(idsOf(page.requests));
    before = page.next;
  } while (before !== null);
  return pages;
}
