import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryStore } from '../memory/open.ts';
import type { InsertOutcome, Leased } from '../store.ts';
import { BURSTS, liveBurst, USUAL_SEEDS } from './histories.ts';
import { createHistory } from './history.ts';
import { createHistoryCheck } from './history-check.ts';
import type { Operation, Outcome } from './history-operation.ts';

type Duplicate = Extract<InsertOutcome, { kind: 'duplicate' }>;

/** What histories must reach over the usual seeds; a comparison that never gets there proves nothing. */
const REACHED: readonly string[] = [
  'insert duplicate',
  'insert duplicate conflict',
  'insert marked',
  'insert marked conflict',
  'insert full',
  'insert inserted',
  'claim none',
  'claim some',
  'claim left some behind',
  'claimByIds none',
  'claimByIds early',
  'claimByIds some',
  'settle completed lost',
  'settle completed settled',
  'settle failed lost',
  'settle failed settled',
  'settle released lost',
  'settle released settled',
  'settle retry lost',
  'settle retry settled',
  'extend extended',
  'extend lost',
  'replay already_replayed',
  'replay completed',
  'replay full',
  'replay open',
  'replay replayed',
  'replay unknown',
  'claim some of a key',
  'claimByIds some of a key',
  'settle failed settled, blocking',
  'releaseKey not_blocked',
  'releaseKey released',
  'releaseKey released, next',
  'replay replayed, waits',
  'replay replayed, holds',
  'expired none',
  'expired some',
  'hold none',
  'hold some',
  'purge none',
  'purge some',
  'look ',
];

test('the histories reach every outcome that there is', async () => {
  const reached = new Set<string>();
  for (const seed of USUAL_SEEDS) for (const label of await labelsOf(seed)) reached.add(label);
  assert.deepEqual(
    REACHED.filter((label) => !reached.has(label)),
    [],
  );
  assert.deepEqual(
    [...reached].filter((label) => !REACHED.includes(label)),
    [],
  );
});

test('a seed gives the same history every time', async () => {
  assert.deepEqual(await labelsOf(9), await labelsOf(9));
});

async function labelsOf(seed: number): Promise<string[]> {
  const history = createHistory(seed);
  const { maxPendingDeliveries } = history;
  const check = createHistoryCheck(maxPendingDeliveries);
  const store = openMemoryStore({ maxPendingDeliveries });
  const labels: string[] = [];
  for (let burst = 0; burst < BURSTS; burst++) {
    for (const { operation, outcome } of await liveBurst(history, check, store, `burst ${burst}`)) {
      labels.push(`${operation.kind} ${labelOf(operation, outcome)}`);
    }
  }
  return labels;
}

/** Whether the key was known or the mark. */
function duplicateLabel(operation: Operation, { event, conflict }: Duplicate): string {
  const byKey = operation.kind === 'insert' && operation.event.idempotencyKey === event.idempotencyKey;
  return `${byKey ? 'duplicate' : 'marked'}${conflict ? ' conflict' : ''}`;
}

function labelOf(operation: Operation, { kind, answer }: Outcome): string {
  switch (kind) {
    case 'insert':
      return answer.kind === 'duplicate' ? duplicateLabel(operation, answer) : answer.kind;
    case 'claim':
      if (answer.leased.length === 0) return 'none';
      if (answer.nextDueAtMs !== null) return 'left some behind';
      return answer.leased.some(hasKey) ? 'some of a key' : 'some';
    case 'claimByIds':
      if (answer.early.length > 0) return 'early';
      if (answer.leased.length === 0) return 'none';
      return answer.leased.some(hasKey) ? 'some of a key' : 'some';
    case 'settle':
      return operation.kind === 'settle' ? settleLabel(operation, answer) : '';
    case 'releaseKey':
      return answer.kind === 'released' && answer.next !== null ? 'released, next' : answer.kind;
    case 'extend':
      return answer;
    case 'replay': {
      const turn = answer.kind === 'replayed' ? answer.delivery.turn : null;
      return turn === null ? answer.kind : `replayed, ${turn}`;
    }
    case 'expired':
      return answer.length === 0 ? 'none' : 'some';
    case 'hold':
    case 'purge':
      return answer === 0 ? 'none' : 'some';
    case 'look':
      return '';
  }
}

function settleLabel(
  { lease, settlement }: Extract<Operation, { kind: 'settle' }>,
  answer: 'settled' | 'lost',
): string {
  const blocks = answer === 'settled' && settlement.kind === 'failed' && settlement.blocksKey === true;
  return `${settlement.kind} ${answer}${blocks && lease.orderKey !== null ? ', blocking' : ''}`;
}

function hasKey({ lease }: Leased): boolean {
  return lease.orderKey !== null;
}
