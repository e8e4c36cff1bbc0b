import { type AuditHead, type AuditRow, CHAIN_START, hashAudit } from './audit-chain.ts';

/** What a walk over the audit found. */
export type AuditVerdict = Readonly<{
  rows: number;
  first: number | null;
  last: number | null;
  /** The hash of the newest row, in hex; null without rows. */
  head: string | null;
  /** Sentences, each about a place where the chain does not fit; at most FLAWS_MAX. */
  flaws: readonly string[];
}>;

/** Flaws that a verdict names: one row inserted in the middle may make all rows behind it fit no more. */
export const FLAWS_MAX = 20;

export type AuditVerifier = Readonly<{
  /** Takes the next row, in the order of their numbers. */
  see(row: AuditRow): void;
  end(): AuditVerdict;
}>;

/**
 * Checks a chain as its rows come: each must fit the row before it, and the first row either begins the chain or follows
 * what an anchor says was deleted.
 * @param head a hash that was the newest row's once, in hex: it must still be there
 */
export function createAuditVerifier(head: string | null): AuditVerifier {
  const flaws: string[] = [];
  let first: AuditRow | null = null;
  let last: AuditHead | null = null;
  let anchor: AuditRow | null = null;
  let rows = 0;
  let hasHead = head === null;
  const report = (flaw: string) => {
    if (flaws.length < FLAWS_MAX) flaws.push(flaw);
  };
  return {
    see(row) {
      rows += 1;
      first ??= row;
      if (row.through !== null) anchor = row;
      if (hexOf(row.hash) === head) hasHead = true;
      const flaw = last === null ? null : flawBetween(last, row);
      if (flaw !== null) report(flaw);
      last = row;
    },
    end() {
      const beginning = first === null ? null : flawOfBeginning(first, anchor);
      if (beginning !== null) flaws.unshift(beginning);
      if (!hasHead && anchor !== null && head === anchoredHash(anchor)) hasHead = true;
      if (!hasHead) {
        report(
          'the head is not in it: rows were cut from its end or all rows were written anew, or the head is older than the retention',
        );
      }
      return {
        rows,
        first: first?.seq ?? null,
        last: last?.seq ?? null,
        head: last === null ? null : hexOf(last.hash),
        flaws,
      };
    },
  };
}

function flawBetween(last: AuditHead, row: AuditRow): string | null {
  if (row.seq !== last.seq + 1) return `between row ${last.seq} and row ${row.seq} rows are missing`;
  if (fits(last.hash, row)) return null;
  return `row ${row.seq} does not fit row ${last.seq}: one of them was changed or inserted`;
}

function flawOfBeginning(first: AuditRow, anchor: AuditRow | null): string | null {
  const deleted = anchor?.through ?? 0;
  if (first.seq <= deleted)
    return `row ${first.seq} is there again: the clean-up deleted up to row ${deleted}`;
  if (first.seq !== deleted + 1) return `before row ${first.seq} rows are missing that no clean-up deleted`;
  const before = anchor === null ? CHAIN_START.hash : Buffer.from(anchoredHash(anchor), 'hex');
  if (fits(before, first)) return null;
  return `row ${first.seq} does not fit what was before it: it was changed or inserted`;
}

function fits(previous: Uint8Array, row: AuditRow): boolean {
  return hexOf(hashAudit(previous, row)) === hexOf(row.hash);
}

/** The hash of the last row that was deleted, as the anchor has it. */
function anchoredHash({ after_json: after }: AuditRow): string {
  try {
    const { hash } = JSON.parse(after ?? '{}') as { hash?: unknown };
    return typeof hash === 'string' ? hash : '';
  } catch {
    return '';
  }
}

function hexOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}
