import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { isEqual, PARTS } from './inbox-copy.ts';

import { ask, atMove, NOW_MS, useFilledInbox, withStore } from './testing.ts';

const BOUNDS = { maxRequests: 100, maxBytes: 10_000_000 };

const inbox = useFilledInbox();

describe('an inbox that is moved', () => {
  it('is the same to every question, and goes on where it was', async () => {
    const to = await inbox.server.createDatabase();
    const outcome = await inbox.migrate(to);
    assert.equal(outcome.kind, 'moved');
    assert.ok(outcome.proof.every(isEqual));
    assert.deepEqual(
      outcome.proof.map(({ part, target }) => [part, target.rows > 0]),
      [...PARTS, 'counters'].map((part) => [part, true]),
    );
    const path = `${inbox.folder.path}/look.db`;
    copyFileSync(inbox.from, path);
    const expected = atMove(await withStore({ path }, inbox.allOf));
    await withStore({ databaseUrl: to }, async (store) => {
      assert.deepEqual(await inbox.allOf(store), expected);

      const [first] = inbox.filled.events;
      const again = await store.insertEvent({ ...anEvent(), idempotencyKey: first!.idempotencyKey }, [
        'open',
      ]);
      assert.equal(again.kind === 'duplicate' && again.event.id, first!.id);
      const replayMark = { digest: inbox.filled.mark, sinceMs: T0 };
      const marked = await store.insertEvent({ ...anEvent(), source: 'a' }, ['open'], replayMark);
      assert.equal(marked.kind === 'duplicate' && marked.event.id, inbox.filled.markedEvent.id);

      const expired = await store.expired(NOW_MS, 10);
      assert.deepEqual(
        expired.map(({ lease }) => lease.deliveryId).toSorted(),
        inbox.filled.leased.toSorted(),
      );

      await store.insertEvent(anEvent(), [{ destination: 'ordered', orderKey: 'k' }]);
      const seen: string[] = [];
      for (let at = 0; at < 4; at++) {
        const limits = [{ destination: 'ordered', limit: 10 }];
        const token = `in order ${at}`;
        const { leased } = await store.claim({ limits, token, nowMs: NOW_MS, leaseUntilMs: NOW_MS + 1 });
        for (const { lease } of leased) await store.settle(lease, { kind: 'completed' }, null, NOW_MS);
        seen.push(...leased.map(({ event }) => event.id));
      }
      assert.deepEqual(seen.slice(0, 3), inbox.filled.inOrder, 'in the order of acceptance');
      assert.equal(seen.length, 4, 'what comes later comes behind them');

      const late = { ...(await store.readRejected(inbox.filled.rejected[0]!))!, id: anEvent().id };
      await store.keepRejected(late, BOUNDS);
      const { requests } = await store.listRejected(10, null, null);
      assert.equal(requests[0]!.id, late.id, 'what comes later stands first');
    });
    const [row] = await ask(to, 'select max(seq)::integer as last from rejected');
    assert.equal(row!.last, 5, 'the seq of one that was dropped is not used again');
  });

  it('ends a lease of the future: its holder is gone', async (t) => {
    const to = await inbox.server.createDatabase();
    const path = await inbox.copyOf(t);
    const db = new DatabaseSync(path);
    db.exec(`update deliveries set lease_until = ${NOW_MS + 86_400_000} where status = 'processing'`);
    db.close();
    assert.equal((await inbox.migrate(to, { from: path })).kind, 'moved');
    await withStore({ databaseUrl: to }, async (store) =>
      assert.equal((await store.expired(NOW_MS, 10)).length, 2),
    );
  });

  it('is an empty one, too', async (t) => {
    const path = `${await tempDir(t)}/empty.db`;
    await withStore({ path }, async () => {});
    const to = await inbox.server.createDatabase();
    assert.equal((await inbox.migrate(to, { from: path })).kind, 'moved');
    await withStore({ databaseUrl: to }, async (store) => assert.equal((await store.stats()).events, 0));
  });

  it('moves into a database where a receiver was started and has taken nothing', async () => {
    const to = await inbox.server.createDatabase();
    await withStore({ databaseUrl: to }, (store) => store.ping());
    assert.equal((await inbox.migrate(to)).kind, 'moved');
  });

  it('leaves the source as it is, also with the -wal file of a crash', async (t) => {
    const crashed = await tempDir(t);
    const path = `${await tempDir(t)}/open.db`;
    await withStore({ path }, async (store) => {
      for (let events = 0; events < 20; events++) await store.insertEvent(anEvent(), ['open']);
      for (const end of ['', '-wal']) copyFileSync(path + end, `${crashed}/events.db${end}`);
    });
    const hashes = (folder: string) =>
      readdirSync(folder)
        .filter((name) => /\.db(-wal)?$/.test(name))
        .map((name) => [
          name,
          createHash('sha256')
            .update(readFileSync(`${folder}/${name}`))
            .digest('hex'),
        ]);
    const before = hashes(crashed);
    assert.equal(before.length, 2);
    const to = await inbox.server.createDatabase();
    const { proof } = await inbox.migrate(to, { from: `${crashed}/events.db` });
    assert.equal(proof[0]!.target.rows, 20);
    assert.deepEqual(hashes(crashed), before);

    const other = await inbox.copyOf(t);
    await inbox.migrate(await inbox.server.createDatabase(), { from: other });
    assert.deepEqual(readdirSync(other.slice(0, -'/copy.db'.length)).toSorted(), ['copy.db', 'copy.db.lock']);
    assert.ok(readFileSync(other).equals(readFileSync(inbox.from)));
  });
});

describe('a move that is interrupted', () => {
  it('goes on from any batch, whether its commit was told or not, and ends the same', async () => {
    const { proof } = await inbox.migrate(await inbox.server.createDatabase());
    const to = await inbox.server.createDatabase();
    let interruptions = 0;
    for (let isDone = false; !isDone; ) {
      let writes = 0;
      isDone = await inbox
        .moveUntil(to, (target) => ({
          ...target,
          async write(batch, mark) {
            writes += 1;
            // Every process gets one batch further; every other one dies before it hears so, or before it asks.
            if (writes === 2 && interruptions % 2 === 0) throw new Error('killed');
            await target.write(batch, mark);
            if (writes === 1 && interruptions % 2 === 1) throw new Error('killed');
          },
        }))
        .then(
          () => true,
          (error: Error) => {
            assert.equal(error.message, 'killed');
            interruptions += 1;
            return false;
          },
        );
    }
    assert.ok(interruptions > 15, `${interruptions} interruptions`);
    const outcome = await inbox.migrate(to);
    assert.deepEqual([outcome.kind, outcome.proof], ['moved', proof]);
    const again = await inbox.migrate(to);
    assert.deepEqual([again.kind, again.proof], ['moved_before', proof]);
  });

  it('keeps receivers away until its end', async () => {
    const to = await inbox.server.createDatabase();
    await inbox.moveUntil(to, (target) => target);
    await assert.rejects(
      withStore({ databaseUrl: to }, async () => {}),
      {
        code: 'STORE_LOCKED',
        message: /cannot open the database at .*: an inbox is being moved into it.*webhook-receiver migrate/,
      },
    );
    await inbox.migrate(to);
    await withStore({ databaseUrl: to }, (store) => store.ping());
  });

  it('does not go on with another inbox, or with this one once it was used again', async (t) => {
    const to = await inbox.server.createDatabase();
    await inbox.moveUntil(to, (target) => target);
    const path = await inbox.copyOf(t);
    await withStore({ path }, (store) => store.insertEvent(anEvent(), ['open']));
    const refusal = { code: 'STORE_SCHEMA', message: /cannot move into .*in use again.*empty database/ };
    await assert.rejects(inbox.migrate(to, { from: path }), refusal);
    await inbox.migrate(to);
    await assert.rejects(inbox.migrate(to, { from: path }), refusal);
  });
});

describe('the proof', () => {
  const CHANGES = {
    events: 'update events set body = set_byte(body, 0, 7) where octet_length(body) > 6 and source = $$a$$',
    deliveries: 'update deliveries set lease_until = lease_until + 1 where lease_until is not null',
    attempts: `delete from attempts where outcome = 'succeeded'`,
    replay_marks: 'update replay_marks set received_at = received_at + 1',
    duplicates: 'update duplicates set count = count + 1',
    event_search: `delete from event_search where value = 'order 1'`,
    rejected: 'update rejected set body = null',
    source_state: `insert into source_state values ('b', 'secret', 'x', 1)`,
    counters: 'update totals set pending = pending + 1',
  };
  for (const [part, change] of Object.entries(CHANGES)) {
    it(`sees a change in ${part}, and the target stays closed`, async () => {
      const to = await inbox.server.createDatabase();
      await inbox.moveUntil(to, (target) => target);
      await ask(to, change);
      const { kind, proof } = await inbox.migrate(to);
      assert.equal(kind, 'differs');
      assert.deepEqual(
        proof.filter((one) => !isEqual(one)).map((one) => one.part),
        [part],
      );
      await assert.rejects(
        withStore({ databaseUrl: to }, async () => {}),
        { code: 'STORE_LOCKED' },
      );
    });
  }
});
