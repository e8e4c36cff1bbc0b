import type { Verdict, VerifyReason } from '../outcome.ts';
import type { Scope } from '../read/scope.ts';
import { type Check, refuse } from './compiled-scheme.ts';

/** Any scheme may accept; of several refusals the one of the check that got furthest is reported. */
export function verdictOfAny(
  checks: readonly Check[],
  scope: Scope,
  nowMs: number,
): Verdict | Promise<Verdict> {
  let refusal: Verdict | null = null;
  for (let i = 0; i < checks.length; i++) {
    const verdict = checks[i]!(scope, nowMs);
    if (verdict instanceof Promise) return later(verdict, checks.slice(i + 1), scope, nowMs, refusal);
    if (verdict.ok) return verdict;
    refusal = moreTelling(refusal, verdict);
  }
  return refusal ?? NOTHING_TRIED;
}

const NOTHING_TRIED = refuse('no_scheme', 'There is no scheme for this request.');

async function later(
  first: Promise<Verdict>,
  rest: readonly Check[],
  scope: Scope,
  nowMs: number,
  before: Verdict | null,
): Promise<Verdict> {
  let verdict = await first;
  let refusal = before;
  for (const check of rest) {
    if (verdict.ok) return verdict;
    refusal = moreTelling(refusal, verdict);
    verdict = await check(scope, nowMs);
  }
  return verdict.ok ? verdict : moreTelling(refusal, verdict);
}

/** How far a check got. Unavailable keys are no refusal and rank highest. */
function rank(verdict: Verdict): number {
  if (verdict.ok) return 0;
  if (verdict.reason === 'keys_unavailable') return 4;
  return RANKS[verdict.reason] ?? 3;
}

const RANKS: Readonly<Partial<Record<VerifyReason, number>>> = {
  no_scheme: 0,
  missing_signature: 1,
  missing_token: 1,
  malformed_signature: 2,
  missing_timestamp: 2,
  malformed_timestamp: 2,
  malformed_body: 2,
};

function moreTelling(one: Verdict | null, other: Verdict): Verdict {
  return one === null || rank(other) > rank(one) ? other : one;
}
