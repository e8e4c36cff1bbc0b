import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLUSTER_MEASURES, type ClusterOptions, parseClusterOptions } from './cluster-options.ts';

const parse = (...args: string[]) => parseClusterOptions(args) as ClusterOptions;

test('without options everything is measured, with millions of rows', () => {
  assert.deepEqual(parse().measures, CLUSTER_MEASURES);
  assert.equal(parse().rows, 5_000_000);
});

test('measures keep their order, whatever that of their names', () => {
  assert.deepEqual(parse('--only', 'nodes,accept').measures, ['accept', 'nodes']);
});

test('--quick is short, and what is said besides counts', () => {
  const options = parse('--quick', '--rows', '20000');
  assert.deepEqual([options.seconds, options.rounds, options.rows], [2, 1, 20_000]);
});

test('mistakes are named', () => {
  assert.throws(() => parse('--only', 'kafka'), /does not know kafka/);
  assert.throws(() => parse('--rows', 'many'), /--rows: got many/);
});
