import { setImmediate as turn } from 'node:timers/promises';
import {
  COLUMNS,
  type Counter,
  PARTS,
  type Part,
  type PartProof,
  type Proof,
  type Row,
} from './inbox-copy.ts';
import type { Move } from './move-rows.ts';
import { RowDigest } from './row-digest.ts';

/** Reads all rows of both sides and digests them. */
export async function proveCopy(move: Move): Promise<Proof> {
  const proof: PartProof[] = [];
  const tally = createTally();
  for (const part of PARTS) {
    const [source, target] = await Promise.all([
      digestSource(move, part, (row) => tally.count(part, row)),
      digestTarget(move, part),
    ]);
    proof.push({ part, source: source.result(), target: target.result() });
  }
  const counters = await move.target.counters();
  proof.push({
    part: 'counters',
    source: digestOf(tally.counters()).result(),
    target: digestOf(counters.filter(([, , count]) => count !== 0)).result(),
  });
  return proof;
}

async function digestSource({ source, limits, leasesEndMs }: Move, part: Part, see: (row: Row) => void) {
  const digest = new RowDigest();
  for (const { rows } of source.batches(part, { ...limits, after: null, leasesEndMs })) {
    for (const row of rows) {
      digest.add(row);
      see(row);
    }
    // Lets the other side be read meanwhile.
    await turn();
  }
  return digest;
}

async function digestTarget({ source, target, limits, onProgress }: Move, part: Part) {
  const digest = new RowDigest();
  const total = source.count(part);
  let done = 0;
  onProgress({ step: 'proving', part, done, total });
  for await (const rows of target.pages(part, limits)) {
    for (const row of rows) digest.add(row);
    done += rows.length;
    onProgress({ step: 'proving', part, done, total });
  }
  return digest;
}

const DESTINATION = COLUMNS.deliveries.indexOf('destination');
const STATUS = COLUMNS.deliveries.indexOf('status');
const REPLAYED_BY = COLUMNS.deliveries.indexOf('replayed_by');
const TURN = COLUMNS.deliveries.indexOf('turn');
const HELD = COLUMNS.deliveries.indexOf('held');

/** Counts the rows that the target's counters must agree with. */
function createTally() {
  const counts = new Map<string, Counter>();
  const add = (of: string, what: string) => {
    const name = JSON.stringify([of, what]);
    counts.set(name, [of, what, (counts.get(name)?.[2] ?? 0) + 1]);
  };
  return {
    count(part: Part, row: Row) {
      if (part === 'events') add('', 'events');
      if (part !== 'deliveries') return;
      const status = row[STATUS] as string;
      const isSuperseded = status === 'failed' && row[REPLAYED_BY] !== null;
      if (!isSuperseded) add(row[DESTINATION] as string, status);
      if (row[HELD] !== null) add(row[DESTINATION] as string, 'held');
      else if (status === 'pending') add('', 'pending');
      if (row[TURN] === 'waits') add(row[DESTINATION] as string, 'waiting');
      if (row[TURN] === 'holds' && status === 'failed') add(row[DESTINATION] as string, 'blocked');
    },
    counters: (): Counter[] => [...counts.values()],
  };
}

function digestOf(rows: readonly Row[]): RowDigest {
  const digest = new RowDigest();
  for (const row of rows) digest.add(row);
  return digest;
}
