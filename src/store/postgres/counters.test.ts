import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLAIM } from './claim.ts';
import { CLAIM_BY_IDS } from './claim-by-ids.ts';
import { insertStatements } from './insert-statements.ts';
import { RELEASE } from './order.ts';
import { PURGE } from './purge.ts';
import { REPLAY } from './replay.ts';
import { SETTLE, SETTLE_ORDERED } from './settle.ts';

const IN_ORDER = ['order_counts', 'delivery_counts', 'totals'];

const STATEMENTS = [
  ...insertStatements(),
  ...[CLAIM, CLAIM_BY_IDS, SETTLE, SETTLE_ORDERED, REPLAY, RELEASE, PURGE],
];

describe('the counts', () => {
  // Rows of counts are shared by backends whose process ids differ by 64: two statements that take them in different
  // orders end in a deadlock, now and then.
  for (const { name, text } of STATEMENTS) {
    it(`are taken in one order by ${name}`, () => {
      const taken = [...text.matchAll(/insert into (order_counts|delivery_counts|totals)\b/g)].map(
        ([, table]) => table!,
      );
      assert.ok(taken.length > 0);
      assert.deepEqual(
        taken,
        IN_ORDER.filter((table) => taken.includes(table)),
      );
    });
  }
});
