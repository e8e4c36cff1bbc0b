/** What a handshake left behind for a source: a secret that the provider chose, for example. */
export type SourceState = Readonly<{ name: string; value: string; updatedAtMs: number }>;

export interface SourceStateStore {
  /** Everything of the source, by name. */
  readSourceState(source: string): Promise<readonly SourceState[]>;
  /** Writes once. `present`: the name has a value already, and that one stays. */
  keepSourceState(source: string, name: string, value: string, nowMs: number): Promise<'kept' | 'present'>;
  /** Writes, whether there was a value or not. */
  replaceSourceState(source: string, name: string, value: string, nowMs: number): Promise<void>;
  dropSourceState(source: string, name: string): Promise<'dropped' | 'unknown'>;
}
