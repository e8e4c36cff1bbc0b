import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { anAttempt } from '../../../testkit/builders.ts';
import { createCompletions } from './complete.ts';
import type { CompletingConnection } from './completing-connection.ts';

const LEASE = {
  deliveryId: '01890000-0000-7000-8000-000000000000.1',
  token: 'token',
  untilMs: 1,
  orderKey: null,
};

function fail(message: string): never {
  throw new Error(message);
}

/** Completes what it is asked for, unless the test overrules that. */
function aConnection(own: Partial<CompletingConnection> = {}): CompletingConnection {
  return {
    begin() {},
    run: async () => ({ kind: 'completed' }),
    isOpen: () => true,
    commit() {},
    rollback() {},
    close() {},
    ...own,
  };
}

/** Completions that open one of these connections after the other. */
function completionsOn(...connections: CompletingConnection[]) {
  const completions = createCompletions({
    open: () => connections.shift() ?? fail('none is left'),
    // As the real one: those that ask in the same turn share a section.
    exclusive: async (work) => {
      await nextTurn();
      await work();
    },
    sync: async () => {},
  });
  return () =>
    completions.completeWithin(
      LEASE,
      () => {},
      () => ({ attempt: anAttempt(), nowMs: 1 }),
    );
}

describe('a connection that fails under completions', () => {
  it('is used again when it could roll back', async () => {
    let commits = 0;
    const failing = aConnection({
      commit: () => {
        commits += 1;
        if (commits === 1) fail('the disk is gone');
      },
    });
    const complete = completionsOn(failing);
    await assert.rejects(complete(), /the disk is gone/);
    assert.equal(await complete(), 'completed');
  });

  it('tells all who shared the transaction, and is replaced, when it cannot even roll back', async () => {
    let closed = 0;
    const failing = aConnection({
      commit: () => fail('the disk is gone'),
      rollback: () => fail('and so is the rollback'),
      close: () => {
        closed += 1;
        fail('and the close');
      },
    });
    const complete = completionsOn(failing, aConnection());
    const outcomes = await Promise.allSettled([complete(), complete()]);
    for (const outcome of outcomes) {
      assert.equal(outcome.status, 'rejected');
      assert.match(String(outcome.reason), /the disk is gone/);
    }
    assert.equal(closed, 1);
    assert.equal(await complete(), 'completed');
  });

  it('tells the one at work when the work ends it, too', async () => {
    const failing = aConnection({
      run: () => Promise.reject(new Error('the file is damaged')),
      rollback: () => fail('and so is the rollback'),
    });
    const complete = completionsOn(failing, aConnection());
    await assert.rejects(complete(), /the file is damaged/);
    assert.equal(await complete(), 'completed');
  });
});
