import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFailuresLook } from './failures-look.ts';
import type { FailureGroup } from './store.ts';

it('failures are counted for a hundredth of the time, once at a time, and again after a failure', async () => {
  let [nowMs, asked] = [0, 0];
  let isDown = false;
  const look = createFailuresLook(
    {
      async failureGroups() {
        asked += 1;
        nowMs += 10;
        if (isDown) throw new Error('the store is down');
        return [{ count: asked } as FailureGroup];
      },
    },
    () => nowMs,
  );
  const counts = async () => (await look()).map(({ count }) => count);
  assert.deepEqual(await Promise.all([counts(), counts()]), [[1], [1]]);
  nowMs += 999;
  assert.deepEqual(await counts(), [1]);
  nowMs += 1;
  assert.deepEqual(await counts(), [2]);
  nowMs += 1_000;
  isDown = true;
  await assert.rejects(look(), /down/);
  isDown = false;
  assert.deepEqual(await counts(), [4]);
});
