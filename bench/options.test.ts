import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BenchOptions, MEASURES, parseBenchOptions } from './options.ts';

const parse = (...args: string[]) => parseBenchOptions(args) as BenchOptions;

test('without options everything is measured', () => {
  const options = parse();
  assert.deepEqual(options.measures, MEASURES);
  assert.deepEqual(options.contenders, []);
  assert.equal(options.backlogEvents, 1_000_000);
});

test('servers are named as measures are, and mean accept', () => {
  const options = parse('--only', 'bare,receiver', '--only', 'latency');
  assert.deepEqual(options.measures, ['accept', 'latency']);
  assert.deepEqual(options.contenders, ['bare', 'receiver']);
});

test('--quick is short, and what is said besides counts', () => {
  const options = parse('--quick', '--rounds', '3', '--waiting', '10000000');
  assert.equal(options.backlogEvents, 10_000_000);
  assert.equal(options.expiredEvents, 200_000);
  assert.equal(options.seconds, 2);
  assert.equal(options.rounds, 3);
});

test('mistakes are named', () => {
  assert.throws(() => parse('--only', 'kafka'), /does not know kafka/);
  assert.throws(() => parse('--rounds', '0'), /--rounds: got 0/);
  assert.throws(() => parse('--nothing'), /--nothing/);
});
