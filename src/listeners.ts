import type { AddressInfo } from 'node:net';
import type { Operations } from './bulk/operations.ts';
import type { Config } from './config/config.ts';
import type { Signs } from './dispatch/alert-signs.ts';
import type { DestinationStates } from './dispatch/destination-states.ts';
import type { Dispatch } from './dispatch/open-dispatch.ts';
import type { AlertDesk } from './domain/alert.ts';
import { standingAt } from './domain/destination-state.ts';
import type { Reload } from './domain/reload.ts';
import type { Emit } from './events.ts';
import { createTokens, type Tokens } from './http/admin/tokens.ts';
import { type ApiParts, createApi } from './http/api.ts';
import { createOneTimeCodes } from './http/console/one-time-codes.ts';
import { createReadiness, type Phase } from './http/health.ts';
import type { Ingest } from './ingest/open-ingest.ts';
import { packageVersion } from './observe/build-info.ts';
import type { Metrics, Scrape } from './observe/metrics.ts';
import { lastHour, type Minutes } from './observe/minutes.ts';
import type { Reconcile } from './reconcile/reconcile.ts';
import type { Clock } from './runtime/clock.ts';
import type { Random } from './runtime/random.ts';
import type { Searches } from './store/run-search.ts';
import type { FailureGroup, Store } from './store/store.ts';
import type { Tracing } from './trace/tracing.ts';

/** Bodies in memory at once, over all requests: enough for thousands of common ones, and for a few of the largest. */
const bytesInFlight = (maxBodyBytes: number) => Math.max(64 * 1024 * 1024, 4 * maxBodyBytes);

/** What the surfaces are made of. */
export type ListenerParts = Readonly<{
  config: Config;
  store: Store;
  clock: Clock;
  random: Random;
  emit: Emit;
  metrics: Metrics;
  minutes: Minutes;
  dispatch: Dispatch;
  ingest: Ingest;
  states: DestinationStates;
  signs: Pick<Signs, 'lastEventMs' | 'noteLastEvent'>;
  failures: () => Promise<readonly FailureGroup[]>;
  searches: Searches;
  operations: Operations;
  tracing: Tracing;
  access: Readonly<{ tokens: Tokens; sources: Config['sources']; explained: object }>;
  reload: Reload;
  reconcile: Reconcile;
  alerts: AlertDesk;
  /** A person at a terminal has started the receiver. */
  isOnTerminal: boolean;
  phase: () => Phase;
}>;

export type ScrapeParts = Pick<
  ListenerParts,
  'store' | 'failures' | 'clock' | 'metrics' | 'dispatch' | 'states' | 'signs' | 'phase'
>;

export type Listeners = Readonly<{
  /** Listens; says where, for senders and for operators, and the link to the console of a terminal, if there is one. */
  listen(): Promise<Readonly<{ url: string; adminUrl: string; terminalLink: string | null }>>;
  close(): Promise<void>;
}>;

/** The listener of all, or with ADMIN_PORT one for senders and one for operators. */
export async function openListeners(parts: ListenerParts): Promise<Listeners> {
  const { host, port, admin } = parts.config.http;
  const shared = apiParts(parts);
  const api = await createApi(shared, admin === null ? 'all' : 'senders');
  const operators = admin === null ? null : await createApi(shared, 'operators');
  const isClosed = parts.config.tokens.length === 0;
  const terminal = isClosed && parts.isOnTerminal ? await openTerminal(shared, parts) : null;
  return {
    async listen() {
      // First: whoever can send can then be watched, too.
      if (operators !== null && admin !== null) await operators.listen(admin).catch(refuseOperators);
      await api.listen({ host, port });
      const [url, adminUrl] = [api, operators ?? api].map(({ server }) =>
        urlOf(server.address() as AddressInfo),
      );
      return { url: url!, adminUrl: adminUrl!, terminalLink: (await terminal?.listen()) ?? null };
    },
    async close() {
      await Promise.all([api.close(), operators?.close(), terminal?.close()]);
    },
  };
}

/** The console of one run: a free port of the loopback, and a token that nobody has, by whose codes its link opens it. */
async function openTerminal(shared: ApiParts, { random }: ListenerParts) {
  const secret = Buffer.alloc(TERMINAL_TOKEN_BYTES);
  random.fill(secret);
  const holder = { name: 'terminal', role: 'admin' } as const;
  const tokens = createTokens([{ ...holder, token: secret.toString('base64url') }]);
  const api = await createApi({ ...shared, admin: { ...shared.admin, tokens: () => tokens } }, 'terminal');
  return {
    async listen() {
      await api.listen({ host: '127.0.0.1', port: 0 });
      const url = urlOf(api.server.address() as AddressInfo);
      return `${url}/console/enter?code=${shared.admin.codes.issue(holder)}`;
    },
    close: () => api.close(),
  };
}

const TERMINAL_TOKEN_BYTES = 32;

/** The message of the failed start then names ADMIN_PORT and not PORT. */
function refuseOperators(error: Error): never {
  throw Object.assign(error, { ofOperators: true });
}

function apiParts(parts: ListenerParts): ApiParts {
  const { config, store, clock, random, emit, dispatch, ingest, states, access } = parts;
  const { reload, reconcile, phase } = parts;
  const { searches, operations, tracing } = parts;
  const { maxBodyBytes } = config.http;
  const isOpen = () => phase() === 'running';
  return {
    ingest: {
      inEffect: ingest.inEffect,
      budget: { maxBytesInFlight: bytesInFlight(maxBodyBytes), bytesInFlight: 0 },
      maxBodyBytes,
      keepTooLarge: ingest.keepTooLarge,
      emit,
      isOpen,
      tracing,
    },
    store,
    metrics: scrapeOf(parts),
    readiness: createReadiness({ store, clock, phase }),
    degradations: dispatch.degradations,
    emit,
    version: packageVersion(),
    console: { publicUrl: config.http.publicUrl, noteLastEvent: parts.signs.noteLastEvent },
    admin: {
      store,
      clock,
      emit,
      tokens: () => access.tokens,
      reload,
      reconcile,
      sendTest: () => ingest.inEffect().sendTest,
      importEvents: (...args) => ingest.inEffect().importEvents(...args),
      isSource: (name) => ingest.inEffect().sources.has(name),
      reverify: (...args) => ingest.inEffect().reverify(...args),
      mask: ingest.mask,
      tracing,
      traceUrlTemplate: config.traceUrlTemplate,
      unroutedReason: ingest.unroutedReason,
      onPending: dispatch.onPending,
      states,
      destinations: dispatch.destinations,
      markPending: dispatch.markPending,
      onStateDropped: ingest.onStateDropped,
      searches,
      operations,
      minutes: () => lastHour(parts),
      sources: () => access.sources,
      lastEventMs: parts.signs.lastEventMs,
      explained: () => access.explained,
      publicUrl: config.http.publicUrl,
      alerts: parts.alerts,
      codes: createOneTimeCodes(clock, random),
    },
  };
}

/** What a scrape reads. */
export function scrapeOf(parts: ScrapeParts): Scrape {
  const { store, failures, clock, metrics, dispatch, states, signs, phase } = parts;
  return metrics.scrape({
    stats: () => store.stats(),
    failures,
    queue: dispatch.queue,
    standingOf: (name) => standingAt(states.of(name), clock.nowMs()),
    lastEventMs: signs.lastEventMs,
    ready: () => phase() === 'running',
    clock,
  });
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
