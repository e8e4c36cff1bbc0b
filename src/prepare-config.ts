import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { explainConfig } from './config/explain.ts';
import { checkDefaultSource } from './config/sources.ts';
import type { Watched } from './dispatch/alert-parts.ts';
import type { Dispatch } from './dispatch/open-dispatch.ts';
import type { HandlerConfig, HandlerSet } from './handlers/handler-set.ts';
import type { HandlerTools } from './handlers/open-handlers.ts';
import { createTokens, type Tokens } from './http/admin/tokens.ts';
import type { Ingest } from './ingest/open-ingest.ts';
import {
  confirmsSubscriptions,
  createIsSecretQuery,
  handshakesOf,
  secretQueriesOf,
} from './ingest/open-source.ts';
import type { SourceConfig } from './ingest/source-config.ts';
import type { ConfiguredNames, Metrics } from './observe/metrics.ts';
import type { ProviderKeys } from './reconcile/reconcile.ts';
import type { PreparedConfig } from './reload.ts';
import type { BrowseStore } from './store/store.ts';
import { trustedSources } from './telemetry.ts';
import type { Tracing } from './trace/tracing.ts';

/** Who may use the receiver, and with what it uses others. */
export type Access = {
  tokens: Tokens;
  providerKeys: ProviderKeys;
  sources: Config['sources'];
  /** The configuration without secrets. */
  explained: object;
};

/** The parts of a running receiver that a configuration decides about. */
export type ConfiguredParts = Readonly<{
  handlers: HandlerSet;
  dispatch: Dispatch;
  ingest: Ingest;
  metrics: Metrics;
  log: Logger;
  /** The tokens and keys in force. */
  access: Access;
  tracing: Pick<Tracing, 'use'>;
  /** What alerts are about, and who gets them. */
  watch: { watched: Watched };
  store: Pick<BrowseStore, 'hasEvents'>;
  tools: Omit<HandlerTools, 'isSecretQuery'>;
}>;

/**
 * Opens what a configuration needs, beside the one in effect. What takes time or can fail happens here; taking effect is
 * one pass of the event loop, so no request and no claim sees a part of the change.
 * @throws ConfigError for a handler that cannot be loaded, and for a default source that would be closed unnoticed;
 *   StoreError when the secrets of handshakes cannot be read
 */
export async function prepareConfig(parts: ConfiguredParts, config: Config): Promise<PreparedConfig> {
  const { handlers, dispatch, ingest, metrics, log, tracing, access, watch } = parts;
  await using opened = new AsyncDisposableStack();
  await checkDefaultSource(config, parts.store);
  const nextHandlers = await handlers.prepare(handlerConfig(config, parts.tools));
  opened.defer(() => handlers.discard(nextHandlers));
  const nextIngest = await ingest.prepare(config);
  const nextDispatch = await dispatch.prepare(config.destinations);
  opened.defer(() => dispatch.discard(nextDispatch));
  const unused = opened.move();
  return {
    use() {
      log.level = config.log.level;
      metrics.use(namesOf(config));
      Object.assign(access, accessOf(config));
      tracing.use(trustedSources(config));
      watch.watched = watchedOf(config);
      ingest.use(nextIngest);
      handlers.use(nextHandlers);
      dispatch.use(nextDispatch, nextHandlers.handlers);
    },
    discard: () => unused.disposeAsync(),
  };
}

/** What the handlers of a configuration are made from. */
export function handlerConfig(
  { destinations, sources }: Config,
  tools: Omit<HandlerTools, 'isSecretQuery'>,
): HandlerConfig {
  const isSecretQuery = createIsSecretQuery(sources);
  return { destinations, tools: { ...tools, isSecretQuery }, secretQueries: secretQueriesOf(sources) };
}

/** What the surfaces for operators know of a configuration. */
export function accessOf(config: Config): Access {
  const { tokens, providerKeys, sources } = config;
  return { tokens: createTokens(tokens), providerKeys, sources, explained: explainConfig(config) };
}

/** What the watch looks at. */
export function watchedOf({ alerts: rules, sources, destinations, http }: Config): Watched {
  const expected = sources.flatMap(({ name, expect }) =>
    expect === undefined ? [] : { source: name, expect },
  );
  const names = sources.map(({ name }) => name);
  return { rules, expected, sources: names, destinations, publicUrl: http.publicUrl };
}

/** Every label value that a series may have, so that all series exist from the start. */
export function namesOf({ sources, destinations }: Config): ConfiguredNames {
  return {
    sources: sources.map(({ name }) => name),
    verifiedSources: sources.flatMap(({ name, verification }) => (verification === null ? [] : name)),
    destinations: destinations.map(({ name }) => name),
    orderedDestinations: destinations.flatMap(({ name, order }) => (order === null ? [] : name)),
    handshakes: sources.flatMap(handshakeNames),
  };
}

function handshakeNames(source: SourceConfig) {
  const handshakes = handshakesOf(source);
  const confirms = confirmsSubscriptions(handshakes);
  return handshakes.map(({ name }) => ({ source: source.name, handshake: name, confirms }));
}
