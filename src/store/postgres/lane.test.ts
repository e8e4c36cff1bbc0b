import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoreError } from '../../domain/errors.ts';
import { createLane, failingAlone, inParts, splitAtRepeats, splitBatch } from './lane.ts';

type Operation = Readonly<{ name: string; keys: readonly string[] }>;

const on = (name: string, ...keys: readonly string[]): Operation => ({ name, keys });

function namesOf(parts: readonly (readonly Operation[])[]): string[] {
  return parts.map((part) => part.map(({ name }) => name).join(''));
}

const split = (batch: readonly Operation[]) => splitAtRepeats(batch, ({ keys }) => keys);

describe('parts of a batch', () => {
  it('have no key twice, and keep the order', () => {
    assert.deepEqual(namesOf(split([on('a', '1'), on('b', '2'), on('c', '1'), on('d', '2')])), ['ab', 'cd']);
    assert.deepEqual(namesOf(split([on('a', '1', '2'), on('b', '3'), on('c', '2'), on('d')])), ['ab', 'cd']);
  });

  it('have one operation at least, however large it is', () => {
    const atMost = (most: number) => (batch: readonly number[]) =>
      splitBatch(batch, () => {
        let sum = 0;
        return (size) => {
          sum += size;
          return sum <= most;
        };
      });
    assert.deepEqual(atMost(5)([9, 2, 3, 1, 9]), [[9], [2, 3], [1], [9]]);
  });

  it('are committed one after the other, and one that fails costs only its own operations', async () => {
    const failure = new Error('no');
    let underWay = 0;
    const commit = inParts<Operation, string>(split, async (part) => {
      underWay += 1;
      assert.equal(underWay, 1);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      if (part.some(({ name }) => name === 'b')) throw failure;
      return part.map(({ name }) => name);
    });
    assert.deepEqual(await commit([on('a', '1'), on('b', '1'), on('c', '1')]), ['a', failure, 'c']);
  });
});

describe('a commit that fails alone', () => {
  const commitBut = (culprit: string, failure: Error) =>
    failingAlone<string, string>(async (batch) => {
      if (batch.includes(culprit)) throw failure;
      return batch.map((name) => name.toUpperCase());
    });

  it('fails for the culprit only', async () => {
    const results = await commitBut('b', new TypeError('bad value'))(['a', 'b', 'c']);
    assert.deepEqual(
      results.map((result) => (result instanceof StoreError ? result.code : result)),
      ['A', 'STORE_INTERNAL', 'C'],
    );
  });

  it('fails for all when the storage is at fault', async () => {
    const away = new StoreError('STORE_UNAVAILABLE', 'away');
    await assert.rejects(commitBut('b', away)(['a', 'b', 'c']), away);
  });
});

describe('a lane', () => {
  it('sends what waits in the order of submission, and answers each operation with its own result', async () => {
    const sent: string[][] = [];
    const lane = createLane<string, string>({
      commit: async (batch) => {
        sent.push([...batch]);
        return batch.map((name) => name.toUpperCase());
      },
      maxBatch: 2,
      maxInFlight: 1,
    });
    const results = await Promise.all(['a', 'b', 'c'].map((name) => lane.submit(name)));
    assert.deepEqual(results, ['A', 'B', 'C']);
    assert.deepEqual(sent, [['a', 'b'], ['c']]);
  });
});
