import type { KeyTemplate, Provider, RetryMark } from '../verify/provider.ts';
import { code } from './describe-scheme.ts';

/** What the key of an event is made of, how long it holds, and which genuine events could still share it. */
export function describeIdentity(provider: Provider): string {
  const { idempotencyKey, marks = [], sharedBy = 'none' } = provider;
  const rules = [...idempotencyKey.map(describeId), ...marks.map(describeMark)];
  const rest = 'every request is a new event';
  const recognised = rules.length === 0 ? rest : `${rules.join('; else ')}; else ${rest}`;
  return `${recognised}. Genuine events that could share it: ${sharedBy}.${describeReplay(provider)}`;
}

function describeId(key: KeyTemplate): string {
  const { of, matches = {}, absent = [], holdsSeconds } = typeof key === 'string' ? { of: key } : key;
  const fits = Object.entries(matches).map(
    ([locator, pattern]) => `where ${code(locator)} is ${code(pattern)}`,
  );
  const lacks = absent.length === 0 ? [] : [`where there is no ${absent.map(code).join(', ')}`];
  const holds =
    holdsSeconds === undefined ? 'as long as the event is kept' : `for ${describeDuration(holdsSeconds)}`;
  return [code(of), ...fits, ...lacks, holds].join(', ');
}

function describeMark({ of, when, matches = {}, windowSeconds, source }: RetryMark): string {
  const made = of === undefined ? 'the SHA-256 of the body' : code(of);
  const fits = Object.entries(matches).map(
    ([locator, pattern]) => ` and ${code(locator)} is ${code(pattern)}`,
  );
  const there = `where ${when.map(code).join(' or ')} is there${fits.join('')}`;
  return `${made}, ${there}, for ${describeDuration(windowSeconds)} (${source})`;
}

function describeReplay({ replayKey, replayWindowSeconds }: Provider): string {
  if (replayKey === undefined) return '';
  const made = [replayKey].flat().map(code).join(', else ');
  const used = replayWindowSeconds === undefined ? 'With `replayWindowSeconds`' : 'Always';
  return ` ${used}, a captured request under another id is recognised by ${made}.`;
}

const UNITS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;

/** A duration in its largest whole unit: `90 minutes`, `1 day`. */
export function describeDuration(seconds: number): string {
  const [size, unit] = UNITS.find(([one]) => seconds % one === 0) ?? UNITS[3];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
