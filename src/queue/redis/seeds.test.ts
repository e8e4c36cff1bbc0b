import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSeeds } from './seeds.ts';

const take = (url: string, count: number, learned: readonly string[] = []) => {
  const seeds = createSeeds(url);
  seeds.learn(learned);
  return Array.from({ length: count }, () => seeds.next());
};

describe('the addresses of a Redis', () => {
  test('of one server there is one', () => {
    assert.deepEqual(take('redis://h', 2), ['redis://h', 'redis://h']);
    assert.equal(createSeeds('redis://h').areMany, false);
  });

  test('are tried one after the other, each with the same scheme and credentials', () => {
    const url = 'rediss://u:p%40@a:7000?nodes=b:7001,[::1]:7002,c';
    assert.equal(createSeeds(url).areMany, true);
    assert.deepEqual(take(url, 5), [
      'rediss://u:p%40@a:7000',
      'rediss://u:p%40@b:7001',
      'rediss://u:p%40@[::1]:7002',
      'rediss://u:p%40@c',
      'rediss://u:p%40@a:7000',
    ]);
  });

  test('those where a cluster was seen come after, once and so many', () => {
    assert.deepEqual(take('redis://a:1', 4, ['a:1', 'b:1']), [
      'redis://a:1',
      'redis://b:1',
      'redis://a:1',
      'redis://b:1',
    ]);
    const many = Array.from({ length: 100 }, (_, at) => `n${at}:1`);
    assert.equal(new Set(take('redis://a:1', 1000, many)).size, 17);
  });
});
