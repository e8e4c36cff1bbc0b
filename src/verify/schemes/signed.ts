import type { Verdict } from '../outcome.ts';
import { type Compiled, compileLocator, type LocatorKind, type Reader } from '../read/locate.ts';
import { compileSignature, type SignatureReader } from '../read/parse-signature.ts';
import type { Scope } from '../read/scope.ts';
import type { Locator, SignatureRule, TimestampRule } from '../scheme.ts';
import { refuse, type SchemeInputs, type SyncCheck, VERIFIED } from './compiled-scheme.ts';
import { compileTimestamp, type TimestampCheck } from './timestamp.ts';

/** Judges the candidate signatures; the scope has timestamp, pairs and item. */
export type Judge = (scope: Scope, candidates: readonly string[]) => Verdict;

type Rules = Readonly<{
  sig: SignatureRule;
  ts?: TimestampRule;
  each?: Locator;
  matches?: Readonly<Record<Locator, string>>;
}>;

/** The common part of signature schemes: find the signature, judge the timestamp, repeat for each item. */
export function compileSigned(rules: Rules, inputs: SchemeInputs, judge: Judge): Compiled<SyncCheck> {
  const signature = compileSignature(rules.sig, inputs.params);
  if (!signature.ok) return signature;
  const timestamp = rules.ts === undefined ? null : compileTimestamp(rules.ts, inputs.toleranceSeconds);
  if (timestamp?.ok === false) return timestamp;
  const each = rules.each === undefined ? null : compileLocator(rules.each);
  if (each?.ok === false) return each;
  const matches = compileMatches(rules.matches ?? {});
  if (!matches.ok) return matches;
  const judgeFitting: Judge =
    rules.matches === undefined
      ? judge
      : (scope, texts) => misfit(matches.value, scope) ?? judge(scope, texts);
  const one: SyncCheck = (scope, nowMs) =>
    checkOne(scope, nowMs, signature.value, timestamp?.value ?? null, judgeFitting);
  if (each === null) return { ok: true, value: one };
  return { ok: true, value: (scope, nowMs) => checkEach(scope, nowMs, each.value, one) };
}

const BODY_KINDS: ReadonlySet<LocatorKind> = new Set<LocatorKind>(['body', 'form', 'item', 'xml', 'key']);

type Match = Readonly<{ reader: Reader; pattern: RegExp }>;

function compileMatches(matches: Readonly<Record<Locator, string>>): Compiled<readonly Match[]> {
  const compiled: Match[] = [];
  for (const [locator, pattern] of Object.entries(matches)) {
    const reader = compileLocator(locator);
    if (!reader.ok) return reader;
    compiled.push({ reader: reader.value, pattern: new RegExp(`^(?:${pattern})$`) });
  }
  return { ok: true, value: compiled };
}

function misfit(matches: readonly Match[], scope: Scope): Verdict | null {
  const wrong = matches.find(({ reader, pattern }) => !pattern.test(reader.one(scope) ?? ''));
  if (wrong === undefined) return null;
  const { kind, locator } = wrong.reader;
  const reason = BODY_KINDS.has(kind) ? 'malformed_body' : 'malformed_signature';
  return refuse(reason, `${locator} is not there once, or not as it must be.`);
}

function checkOne(
  scope: Scope,
  nowMs: number,
  signature: SignatureReader,
  timestamp: TimestampCheck | null,
  judge: Judge,
): Verdict {
  const parsed = signature(scope);
  if (parsed.kind !== 'groups') {
    return refuse(parsed.kind === 'missing' ? 'missing_signature' : 'malformed_signature', parsed.detail);
  }
  let verdict: Verdict | null = null;
  for (const group of parsed.groups) {
    scope.pairs = group.pairs;
    scope.ts = null;
    verdict = timestamp?.(scope, nowMs) ?? judge(scope, group.candidates);
    if (verdict.ok) return verdict;
  }
  return verdict ?? refuse('missing_signature', 'There is no signature.');
}

/** All of the items must verify: the others would be accepted unsigned. */
function checkEach(scope: Scope, nowMs: number, each: Reader, check: SyncCheck): Verdict {
  const values = each.values(scope);
  const items = !each.isList && values.length === 1 && Array.isArray(values[0]) ? values[0] : values;
  if (items.length === 0 || (!each.isList && items === values)) {
    return refuse('malformed_body', `${each.locator} is no array with at least one item.`);
  }
  for (const item of items) {
    scope.item = item;
    const verdict = check(scope, nowMs);
    if (!verdict.ok) return verdict;
  }
  return VERIFIED;
}
