import type { Config } from './config/config.ts';
import { changesOf, digestOf, flatConfig } from './config/digest.ts';
import { inEffectAfter, restartOnly } from './config/restart.ts';
import type { Actor, AuditDetail, AuditEntry } from './domain/audit.ts';
import { ConfigError } from './domain/errors.ts';
import { RELOAD_TARGET, type Reload, type ReloadOutcome } from './domain/reload.ts';
import type { Emit } from './events.ts';
import type { Clock } from './runtime/clock.ts';
import { changedModules, importsBelow } from './runtime/loaded-modules.ts';
import { createMutex } from './runtime/mutex.ts';
import type { AuditStore } from './store/store.ts';

/** A configuration with all that it needs opened. One of the two is called, once. */
export type PreparedConfig = Readonly<{
  /** Lets it take effect, in one step. */
  use(): void;
  discard(): Promise<void>;
}>;

export type ReloadParts = Readonly<{
  /** Reads the configuration again; null if there is nothing to read. Rejects with a ConfigError for mistakes. */
  read: (() => Promise<Config>) | null;
  /** The configuration of the start. */
  first: Config;
  /** Opens what a configuration needs, beside the one in effect. Rejects with a ConfigError for mistakes. */
  prepare: (config: Config) => Promise<PreparedConfig>;
  isStopping: () => boolean;
  store: Pick<AuditStore, 'appendAudit'>;
  clock: Clock;
  emit: Emit;
}>;

/** Most changes that an answer, a line of the log and a row of the audit name one by one. */
export const NAMED_CHANGES_MAX = 50;

/** Makes the order to reload, and tells the digest of the configuration of the start. */
export async function createReload(parts: ReloadParts): Promise<Reload> {
  const { read, emit } = parts;
  const inTurn = createMutex();
  let running = parts.first;
  let flat = flatConfig(running);
  const digest = await digestOf(flat);
  emit({ type: 'config.in_effect', digest, by: null, changes: [], needsRestart: [] });

  const apply = async (actor: Actor, found: Config): Promise<ReloadOutcome> => {
    const next = inEffectAfter(running, found);
    const prepared = await parts.prepare(next);
    const nextFlat = flatConfig(next);
    let outcome: Applied;
    let isTold = false;
    try {
      outcome = {
        digest: await digestOf(nextFlat),
        changes: bounded(changesOf(flat, nextFlat)),
        needsRestart: bounded([...restartOnly(running, found), ...(await changedModules(modulesOf(next)))]),
      };
      isTold = outcome.changes.length + outcome.needsRestart.length > 0;
      // Before the step, so that nothing takes effect that no row tells of; the row after it says that it has.
      if (isTold) await parts.store.appendAudit(entry(parts, actor, attemptedDetail(outcome)));
      if (parts.isStopping()) throw new Stopping();
    } catch (error) {
      await prepared.discard();
      throw error;
    }
    prepared.use();
    [running, flat] = [next, nextFlat];
    emit({ type: 'config.in_effect', by: actor.name, ...outcome });
    if (isTold) await tellApplied(parts, actor, outcome);
    return { kind: 'applied', ...outcome };
  };
  const reload = async (actor: Actor): Promise<ReloadOutcome> => {
    if (read === null) return { kind: 'not_reloadable' };
    if (parts.isStopping()) return { kind: 'stopping' };
    try {
      return await apply(actor, await read());
    } catch (error) {
      if (error instanceof Stopping) {
        await tellRefused(parts, actor, { refused: 'shutting_down' });
        return { kind: 'stopping' };
      }
      if (!(error instanceof ConfigError)) throw error;
      const { message, problems } = error;
      emit({ type: 'config.rejected', by: actor.name, message });
      await tellRefused(parts, actor, { refused: 'config_invalid', mistakes: problems.length });
      return { kind: 'mistaken', message };
    }
  };
  return (actor) => inTurn(() => reload(actor));
}

class Stopping extends Error {}

/** Files that Node has loaded for this configuration and does not load again. */
function modulesOf({ configFile, destinations }: Config): string[] {
  const handlers = destinations.flatMap(({ target }) => (target.kind === 'module' ? target.path : []));
  return [...(configFile === null ? [] : importsBelow(configFile)), ...handlers];
}

function entry({ clock }: ReloadParts, actor: Actor, after: AuditDetail): AuditEntry {
  const target = RELOAD_TARGET;
  return { atMs: clock.nowMs(), actor, action: 'config.reload', target, before: null, after };
}

type Applied = Omit<Extract<ReloadOutcome, { kind: 'applied' }>, 'kind'>;

function attemptedDetail({ digest, changes, needsRestart }: Applied): AuditDetail {
  const names = { changes: changes.join(', '), needs_restart: needsRestart.join(', ') };
  return { outcome: 'attempted', digest, ...names };
}

/** The configuration is in effect, whether the store takes the row or not. */
async function tellApplied(parts: ReloadParts, actor: Actor, { digest }: Applied): Promise<void> {
  try {
    await parts.store.appendAudit(entry(parts, actor, { outcome: 'applied', digest }));
  } catch (error) {
    parts.emit({ type: 'store.failed', operation: 'audit', error: error as Error });
  }
}

/** What an endpoint refuses is in the audit with the endpoint's own row. */
async function tellRefused(parts: ReloadParts, actor: Actor, detail: AuditDetail): Promise<void> {
  if (actor.role === 'system') await parts.store.appendAudit(entry(parts, actor, detail));
}

function bounded(names: readonly string[]): readonly string[] {
  if (names.length <= NAMED_CHANGES_MAX) return names;
  const more = names.length - NAMED_CHANGES_MAX;
  return [...names.slice(0, NAMED_CHANGES_MAX), `and ${more} more`];
}
