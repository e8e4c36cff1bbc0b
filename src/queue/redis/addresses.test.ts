import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressBeside, toAddresses } from './addresses.ts';
import { createSeeds } from './seeds.ts';

describe('the addresses that a cluster tells', () => {
  test('are written as in a URL', () => {
    const nodes = [
      { host: 'a', port: 1 },
      { host: '10.0.0.1', port: 2 },
      { host: '::1', port: 3 },
    ];
    assert.deepEqual(toAddresses(nodes), ['a:1', '10.0.0.1:2', '[::1]:3']);
    const seeds = createSeeds('redis://u:p@[::1]:4');
    seeds.learn(toAddresses(nodes.slice(2)));
    assert.deepEqual([seeds.next(), seeds.next()], ['redis://u:p@[::1]:4', 'redis://u:p@[::1]:3']);
  });

  test('without a host are where it was asked', () => {
    assert.deepEqual(
      toAddresses([
        { host: '', port: 1 },
        { host: null, port: 1 },
      ]),
      [],
    );
    for (const address of [':7001', 'null:7001']) {
      assert.deepEqual(addressBeside('redis://u:p@redis:1', address), { host: 'redis', port: 7001 });
      assert.deepEqual(addressBeside('redis://[::1]', address), { host: '::1', port: 7001 });
    }
    for (const address of ['a:7001', '::1:7001', ':::7001']) {
      assert.equal(addressBeside('redis://redis', address), undefined);
    }
  });
});
