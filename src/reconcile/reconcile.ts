import { type Actor, type AuditEntry, SYSTEM } from '../domain/audit.ts';
import { messageOf } from '../domain/errors.ts';
import type { Emit } from '../events.ts';
import type { Source } from '../ingest/open-source.ts';
import { monotonicMs } from '../runtime/clock.ts';
import type { AuditStore } from '../store/store.ts';
import { ATTRIBUTE, countAttributes, SPAN } from '../trace/names.ts';
import type { Tracing } from '../trace/tracing.ts';
import { HOOK_TAKES, hookPath } from './github.ts';
import { type ApiParts, openProviderApi, type ProviderApi, ReconcileError } from './provider-api.ts';
import { type Counts, NO_COUNTS, type Run, type RunParts, type Step } from './run.ts';
import { reconcileGithub } from './run-github.ts';
import { reconcileStripe } from './run-stripe.ts';

/** Providers whose list of what they sent can be read. */
export const RECONCILABLE = ['stripe', 'github'] as const;
export type Reconcilable = (typeof RECONCILABLE)[number];

/** The keys of the providers' APIs, and where they are; null: not set. */
export type ProviderKeys = Readonly<{
  stripe: Readonly<{ key: string | null; url: string }>;
  github: Readonly<{ key: string | null; url: string }>;
}>;

/** What to compare: what the provider says of the time since then, with what is here. */
export type Order = Readonly<{
  source: string;
  provider: Reconcilable;
  sinceMs: number;
  untilMs: number;
  /** Fetch what is missing; otherwise only count it. */
  apply: boolean;
  /** The webhook of GitHub; null: that of the source's configuration. */
  hook: string | null;
  actor: Actor;
}>;

export type Begun =
  | Readonly<{ kind: 'begun'; steps: AsyncGenerator<Step> }>
  | Readonly<{ kind: 'refused'; code: 'unknown_source' | 'invalid' | 'overloaded'; detail: string }>;

/** Begins to compare a source with its provider. It goes on for as long as steps are asked for. */
export type Reconcile = (order: Order, signal: AbortSignal) => Begun;

export type ReconcileParts = ApiParts &
  RunParts &
  Readonly<{
    store: Pick<AuditStore, 'appendAudit'>;
    emit: Emit;
    tracing?: Pick<Tracing, 'operation'>;
    /** How long the receiver knows the key of an event. */
    retentionMs: number;
    keys: () => ProviderKeys;
  }>;

/** An event as old as the retention may be deleted while its provider is asked. */
const RETENTION_MARGIN_MS = 3_600_000;

export function createReconcile(parts: ReconcileParts): Reconcile {
  const running = new Set<string>();
  return (order, signal) => {
    const { source: name, provider } = order;
    const source = parts.inEffect().sources.get(name);
    if (source === undefined) {
      return {
        kind: 'refused',
        code: 'unknown_source',
        detail: `There is no source ${JSON.stringify(name)}.`,
      };
    }
    const refusal = refusalOf(parts, source, order);
    if (refusal !== null) return { kind: 'refused', code: 'invalid', detail: refusal };
    if (running.has(name)) {
      return {
        kind: 'refused',
        code: 'overloaded',
        detail: `The source ${name} is being reconciled already.`,
      };
    }
    // A key that retention has forgotten cannot be told from one that never came.
    const known = parts.clock.nowMs() - Math.max(0, parts.retentionMs - RETENTION_MARGIN_MS);
    const sinceMs = Math.max(order.sinceMs, known);
    const api = openApi(parts, provider, signal);
    const path = hookPath(order.hook ?? source.reconcile?.hook ?? '') ?? '';
    const run = { parts, source, api, path, sinceMs, untilMs: order.untilMs, apply: order.apply, signal };
    return { kind: 'begun', steps: stepsOf(parts, run, order, running) };
  };
}

function refusalOf(parts: ReconcileParts, source: Source, { provider, hook }: Order): string | null {
  const { key } = parts.keys()[provider];
  if (source.provider !== provider) {
    return `The source ${source.name} is not one of the provider ${provider}.`;
  }
  if (key === null) return `${KEY_NAMES[provider]} is not set at the receiver.`;
  if (provider !== 'github') return null;
  const named = hook ?? source.reconcile?.hook ?? null;
  if (named !== null && hookPath(named) !== null) return null;
  return `Name ${HOOK_TAKES}, with --hook or as reconcile.hook of the source.`;
}

const KEY_NAMES = { stripe: 'STRIPE_API_KEY', github: 'GITHUB_TOKEN' } as const;

function openApi(parts: ReconcileParts, provider: Reconcilable, signal: AbortSignal): ProviderApi {
  const { key, url } = parts.keys()[provider];
  const named =
    provider === 'stripe'
      ? { name: 'Stripe', headers: {} }
      : {
          name: 'GitHub',
          headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
        };
  const headers = { ...named.headers, authorization: `Bearer ${key}`, 'user-agent': 'webhook-receiver' };
  const place = { ...named, baseUrl: url.replace(/\/+$/, ''), headers, keyName: KEY_NAMES[provider] };
  return openProviderApi(place, parts, signal);
}

/** One run at a time for each source, with a row of the audit at its beginning and one at its end. */
async function* stepsOf(
  parts: ReconcileParts,
  run: Run,
  order: Order,
  running: Set<string>,
): AsyncGenerator<Step> {
  const { source } = run;
  const { provider, apply } = order;
  const startedMs = monotonicMs();
  let counts: Counts = NO_COUNTS;
  let error: Error | null = null;
  if (running.has(source.name)) throw new ReconcileError(`${source.name} is being reconciled already`);
  running.add(source.name);
  try {
    // What the receiver does by itself has a row only if it changes something.
    if (order.actor !== SYSTEM) await parts.store.appendAudit(entryOf(run, order, { state: 'begun' }));
    const steps = provider === 'stripe' ? reconcileStripe(run) : reconcileGithub(run);
    for await (const step of steps) {
      counts = step.counts;
      yield step;
    }
  } catch (thrown) {
    error = thrown as Error;
    throw thrown;
  } finally {
    running.delete(source.name);
    const state = error !== null ? 'failed' : 'ended';
    if (order.actor !== SYSTEM || counts.fetched + counts.requested > 0) {
      await parts.store.appendAudit(entryOf(run, order, { state, ...counts })).catch(() => {});
    }
    parts.tracing?.operation({
      name: `${SPAN.reconcile} ${provider}`,
      startedMs,
      attributes: { [ATTRIBUTE.source]: source.name, ...countAttributes(SPAN.reconcile, counts) },
      ...(error !== null && { error }),
    });
    parts.emit({
      type: 'reconcile.ended',
      source: source.name,
      provider,
      apply,
      atMs: parts.clock.nowMs(),
      error: error === null ? null : messageOf(error),
      ...counts,
    });
  }
}

function entryOf(run: Run, order: Order, facts: Readonly<Record<string, string | number>>): AuditEntry {
  const { provider, apply, actor } = order;
  const since = new Date(run.sinceMs).toISOString();
  return {
    atMs: run.parts.clock.nowMs(),
    actor,
    action: 'source.reconcile',
    target: run.source.name,
    before: null,
    after: { provider, apply, since, ...facts },
  };
}
