import type { SourceState } from '../store.ts';
import type { State } from './state.ts';

/** @see SourceStateStore.readSourceState */
export function read(state: State, source: string): readonly SourceState[] {
  const values = [...(state.sourceState.get(source)?.values() ?? [])];
  return values.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

/** @see SourceStateStore.keepSourceState */
export function keep(
  state: State,
  source: string,
  name: string,
  value: string,
  nowMs: number,
): 'kept' | 'present' {
  if (state.sourceState.get(source)?.has(name)) return 'present';
  replace(state, source, name, value, nowMs);
  return 'kept';
}

/** @see SourceStateStore.replaceSourceState */
export function replace(state: State, source: string, name: string, value: string, nowMs: number): void {
  const values = state.sourceState.get(source) ?? new Map<string, SourceState>();
  state.sourceState.set(source, values.set(name, { name, value, updatedAtMs: nowMs }));
}

/** @see SourceStateStore.dropSourceState */
export function drop(state: State, source: string, name: string): 'dropped' | 'unknown' {
  return state.sourceState.get(source)?.delete(name) ? 'dropped' : 'unknown';
}
