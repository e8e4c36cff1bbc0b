import type { Actor } from './audit.ts';

/** What the audit names as the target. */
export const RELOAD_TARGET = 'configuration';

/** What became of an order to read the configuration again. */
export type ReloadOutcome =
  /** It is in effect. */
  | Readonly<{
      kind: 'applied';
      /** Equal on all nodes whose configuration is. */
      digest: string;
      /** What differs from the configuration before: `changed sources.github.secrets[0]`. */
      changes: readonly string[];
      /** Settings and files whose new value waits for a restart. */
      needsRestart: readonly string[];
    }>
  /** Nothing has changed; the message is that of a start with this configuration. */
  | Readonly<{ kind: 'mistaken'; message: string }>
  /** The receiver has nothing to read again: a program has given it its configuration. */
  | Readonly<{ kind: 'not_reloadable' }>
  | Readonly<{ kind: 'stopping' }>;

/**
 * Reads the configuration again, checks all of it, and lets it take effect in one step. Orders are carried out one after
 * the other.
 * @throws StoreError when the store does not answer; nothing has changed then
 */
export type Reload = (actor: Actor) => Promise<ReloadOutcome>;
