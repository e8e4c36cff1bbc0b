import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Row } from './inbox-copy.ts';
import { RowDigest } from './row-digest.ts';

function digestOf(...rows: readonly Row[]) {
  const digest = new RowDigest();
  for (const row of rows) digest.add(row);
  return digest.result();
}

describe('the digest of rows', () => {
  it('is the SHA-256 of the encoding that its comment describes', () => {
    const encoding = Buffer.from('00' + '01ffffffffffffffff' + '0200000003e282ac' + '03000000020aff', 'hex');
    assert.deepEqual(digestOf([null, -1, '€', Buffer.from([0x0a, 0xff])]), {
      rows: 1,
      sha256: createHash('sha256').update(encoding).digest('hex'),
    });
  });

  it('adds up modulo 2^256, in any order', () => {
    const rows: Row[] = [['a'], ['b'], ['c', 1]];
    const sum = rows.reduce((total, row) => total + BigInt(`0x${digestOf(row).sha256}`), 0n);
    const expected = (sum % 2n ** 256n).toString(16).padStart(64, '0');
    assert.equal(digestOf(...rows).sha256, expected);
    assert.equal(digestOf(...rows.toReversed()).sha256, expected);
    assert.notEqual(digestOf(...rows, ['a'], ['a']).sha256, expected);
  });

  it('tells apart what looks alike', () => {
    const rows: Row[] = [
      ...[[''], [null], [0], ['0'], [Buffer.from('0')], [Buffer.alloc(0)], []],
      ...[['ab', 'c'], ['a', 'bc'], ['abc']],
    ];
    assert.equal(new Set(rows.map((row) => digestOf(row).sha256)).size, rows.length);
  });

  it('takes values of any length', () => {
    const long = '€'.repeat(100_000);
    const same = digestOf(['x', long, 1]);
    assert.equal(digestOf(['x', `${long}`, 1]).sha256, same.sha256);
    assert.notEqual(digestOf(['x', `${long} `, 1]).sha256, same.sha256);
    assert.notEqual(digestOf(['y', long, 1]).sha256, same.sha256);
  });

  it('counts nothing as nothing', () => {
    assert.deepEqual(digestOf(), { rows: 0, sha256: '0'.repeat(64) });
  });
});
