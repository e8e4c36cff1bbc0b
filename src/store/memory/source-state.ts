import type { AuditEntry } from '../../domain/audit.ts';
import type { Verbs } from '../forward.ts';
import type { Method, SourceState } from '../store.ts';
import { appendAudit } from './audit.ts';
import type { State } from './state.ts';

/** @see SourceStateStore.readSourceState */
function readSourceState(state: State, source: string): readonly SourceState[] {
  const values = [...(state.sourceState.get(source)?.values() ?? [])];
  return values.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

/** @see SourceStateStore.keepSourceState */
function keepSourceState(
  state: State,
  source: string,
  name: string,
  value: string,
  nowMs: number,
): 'kept' | 'present' {
  if (state.sourceState.get(source)?.has(name)) return 'present';
  replaceSourceState(state, source, name, value, nowMs);
  return 'kept';
}

/** @see SourceStateStore.replaceSourceState */
function replaceSourceState(
  state: State,
  source: string,
  name: string,
  value: string,
  nowMs: number,
  audit: AuditEntry | null = null,
): void {
  const values = state.sourceState.get(source) ?? new Map<string, SourceState>();
  state.sourceState.set(source, values.set(name, { name, value, updatedAtMs: nowMs }));
  if (audit !== null) appendAudit(state, audit);
}

/** @see SourceStateStore.dropSourceState */
function dropSourceState(
  state: State,
  source: string,
  name: string,
  audit: AuditEntry,
): 'dropped' | 'unknown' {
  if (!state.sourceState.get(source)?.delete(name)) return 'unknown';
  appendAudit(state, audit);
  return 'dropped';
}

/** This file's verbs of the port. */
export const sourceStateVerbs = {
  readSourceState,
  keepSourceState,
  replaceSourceState,
  dropSourceState,
} satisfies Partial<Verbs<State, Method>>;
