import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAudit } from '../../testkit/builders.ts';
import { type AuditHead, type AuditRow, CHAIN_START, linkAudit } from './audit-chain.ts';
import { findPrefix } from './audit-prefix.ts';
import { type AuditVerdict, createAuditVerifier, FLAWS_MAX } from './audit-verify.ts';

const hexOf = (hash: Uint8Array) => Buffer.from(hash).toString('hex');

/** A whole chain of so many rows behind a head. */
function chainOf(count: number, head: AuditHead = CHAIN_START): AuditRow[] {
  const rows: AuditRow[] = [];
  for (let at = 0; at < count; at++) {
    rows.push(linkAudit(rows.at(-1) ?? head, anAudit({ target: `t${at}`, after: { at } })));
  }
  return rows;
}

/** A chain whose first three rows the clean-up has deleted. */
function purgedChain(): AuditRow[] {
  const rows = chainOf(6);
  const prefix = findPrefix(
    rows.slice(0, 3),
    Number.POSITIVE_INFINITY,
    anAudit({ action: 'audit.retention' }),
  )!;
  const anchor = linkAudit(rows.at(-1)!, prefix.anchor, prefix.through);
  return [...rows, anchor, ...chainOf(2, anchor)];
}

function verify(rows: readonly AuditRow[], head: string | null = null): AuditVerdict {
  const verifier = createAuditVerifier(head);
  for (const row of rows) verifier.see(row);
  return verifier.end();
}

describe('a check of the audit', () => {
  it('finds nothing in a whole chain, and tells its head', () => {
    const rows = chainOf(5);
    assert.deepEqual(verify(rows), { rows: 5, first: 1, last: 5, head: hexOf(rows[4]!.hash), flaws: [] });
    assert.deepEqual(verify([]), { rows: 0, first: null, last: null, head: null, flaws: [] });
  });

  it('finds nothing where the clean-up deleted a prefix and left its anchor', () => {
    assert.deepEqual(verify(purgedChain().slice(3)).flaws, []);
  });

  for (const [what, change] of [
    ['time', { at: 1 }],
    ['actor', { actor: 'bob' }],
    ['role', { role: 'admin' }],
    ['address', { address: null }],
    ['action', { action: 'cleanup.confirm' }],
    ['target', { target: 'other' }],
    ['detail', { after_json: '{"at": 2}' }],
    ['detail that was null', { before_json: '{}' }],
    ['anchor', { through: 1 }],
    ['hash', { hash: new Uint8Array(32) }],
  ] as const) {
    it(`finds a changed ${what}, in whichever row`, () => {
      const rows = chainOf(5);
      for (let at = 0; at < rows.length; at++) {
        const { flaws } = verify(rows.with(at, { ...rows[at]!, ...change } as AuditRow));
        assert.ok(flaws.length > 0, `row ${at + 1}`);
      }
    });
  }

  it('finds a removed row, and one that was inserted', () => {
    const rows = chainOf(5);
    for (let at = 0; at < 4; at++) assert.ok(verify(rows.toSpliced(at, 1)).flaws.length > 0, `row ${at + 1}`);
    const forged = linkAudit(rows[1]!, anAudit({ target: 'forged' }));
    assert.ok(verify([...rows.slice(0, 2), forged, ...rows.slice(2)]).flaws.length > 0);
    const moved = rows.slice(2).map((row) => ({ ...row, seq: row.seq + 1 }));
    assert.ok(verify([...rows.slice(0, 2), forged, ...moved]).flaws.length > 0);
    assert.ok(verify([...rows, { ...forged, seq: 6 }]).flaws.length > 0);
  });

  it('finds a prefix that no clean-up deleted, and rows of one that are there again', () => {
    assert.match(verify(chainOf(5).slice(2)).flaws[0]!, /before row 3 rows are missing/);
    const purged = purgedChain();
    assert.ok(verify(purged).flaws.length > 0);
    assert.ok(verify(purged.slice(2)).flaws.length > 0);
    assert.ok(verify(purged.slice(4)).flaws.length > 0);
    assert.ok(verify(purged.slice(3).with(0, chainOf(4)[3]!)).flaws.length === 0, 'an equal row is the row');
  });

  it('finds rows that were cut from the end by a head of before', () => {
    const rows = chainOf(5);
    const heads = rows.map(({ hash }) => hexOf(hash));
    for (const head of heads) assert.deepEqual(verify(rows, head).flaws, []);
    for (let kept = 0; kept < 5; kept++) {
      assert.match(verify(rows.slice(0, kept), heads[4]!).flaws[0]!, /the head is not in it/);
    }
    // Others took their place.
    const instead = [...rows.slice(0, 3), ...chainOf(2, rows[2]!).map((row) => row)];
    assert.equal(verify(instead).flaws.length, 0);
    assert.equal(verify(instead, heads[4]!).flaws.length, 1);
  });

  it('takes the head that the clean-up deleted last', () => {
    const purged = purgedChain();
    assert.deepEqual(verify(purged.slice(3), hexOf(purged[2]!.hash)).flaws, []);
    assert.equal(verify(purged.slice(3), hexOf(purged[1]!.hash)).flaws.length, 1);
  });

  it('names some flaws, not thousands', () => {
    const rows = chainOf(100).map((row) => ({ ...row, hash: new Uint8Array(32) }));
    assert.ok(verify(rows).flaws.length <= FLAWS_MAX + 1);
  });
});
