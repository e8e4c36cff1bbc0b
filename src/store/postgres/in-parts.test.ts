import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { collectGarbage } from '../../../testkit/collect-garbage.ts';
import type { InsertOutcome } from '../store.ts';
import { createBacklog } from './backlog.ts';
import { inTurnWhenTight } from './in-parts.ts';
import type { OperationOf } from './operations.ts';

const LIMIT = 1_000_000;

function anInsert(): OperationOf<'insert'> {
  return { kind: 'insert', event: anEvent(), destinations: ['a'], replayMark: null };
}

describe('inserts in turn', () => {
  // A node makes hundreds of batches a second, for months.
  it('keep no answers of those before', async () => {
    const backlog = createBacklog(LIMIT, () => 0);
    backlog.saw(0);
    const answers: WeakRef<object>[] = [];
    const accept = inTurnWhenTight(backlog, async () => {
      const outcomes: InsertOutcome[] = [{ kind: 'inserted' }];
      answers.push(new WeakRef(outcomes));
      return outcomes;
    });
    for (let batches = 0; batches < 50; batches += 1) await accept([anInsert()]);
    // A weak reference lasts for the turn in which it was made.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    const kept = answers.filter((answer) => answer.deref() !== undefined).length;
    assert.ok(kept <= 1, `the answers of ${kept} of 50 batches are kept`);
  });
});
