import { isDeepStrictEqual } from 'node:util';
import type { Handler } from './handler.ts';
import { closeHandlers, type HandlerSpec, type HandlerTools, openHandlers } from './open-handlers.ts';

/** What handlers are made from: the destinations, and where the query of an event has secrets. */
export type HandlerConfig = Readonly<{
  destinations: readonly HandlerSpec[];
  tools: HandlerTools;
  /** Equal exactly if `tools.isSecretQuery` answers alike. */
  secretQueries: unknown;
}>;

/** The handlers of a configuration, some of which the configuration in effect has as well. */
export type PreparedHandlers = Readonly<{
  config: HandlerConfig;
  /** By the destination's name. */
  handlers: ReadonlyMap<string, Handler>;
}>;

/** The handlers of the configuration in effect, and those that earlier ones have left at work. */
export type HandlerSet = Readonly<{
  inEffect(): ReadonlyMap<string, Handler>;
  /**
   * Opens the handlers of another configuration. A destination that stays as it is keeps its handler, and with it its
   * connections.
   * @throws ConfigError with one line for each handler module that cannot be used; nothing stays open then
   */
  prepare(config: HandlerConfig): Promise<PreparedHandlers>;
  use(prepared: PreparedHandlers): void;
  /** Closes what was prepared and is not to take effect. */
  discard(prepared: PreparedHandlers): Promise<void>;
  /** Closes a handler that nothing uses any more. */
  close(handler: Handler): Promise<void>;
  closeAll(): Promise<void>;
}>;

/** @throws ConfigError like `prepare` */
export async function openHandlerSet(first: HandlerConfig): Promise<HandlerSet> {
  const open = new Set<Handler>();
  let current: PreparedHandlers = { config: first, handlers: new Map() };

  const prepare = async (config: HandlerConfig): Promise<PreparedHandlers> => {
    const kept = keptHandlers(current, config);
    const others = config.destinations.filter(({ name }) => !kept.has(name));
    const opened = await openHandlers(others, config.tools);
    for (const handler of opened.values()) open.add(handler);
    return { config, handlers: new Map([...kept, ...opened]) };
  };
  const close = async (handler: Handler) => {
    if (open.delete(handler)) await handler.close?.();
  };
  current = await prepare(first);
  return {
    inEffect: () => current.handlers,
    prepare,
    use(prepared) {
      current = prepared;
    },
    async discard({ handlers }) {
      const kept = new Set(current.handlers.values());
      await Promise.allSettled([...handlers.values()].filter((handler) => !kept.has(handler)).map(close));
    },
    close,
    closeAll: () => closeHandlers(open),
  };
}

function keptHandlers({ config, handlers }: PreparedHandlers, next: HandlerConfig): Map<string, Handler> {
  if (!isDeepStrictEqual(config.secretQueries, next.secretQueries)) return new Map();
  const known = new Map(config.destinations.map((spec) => [spec.name, spec]));
  return new Map(
    next.destinations.flatMap((spec) => {
      const handler = handlers.get(spec.name);
      const isSame = isDeepStrictEqual(madeFrom(spec), madeFrom(known.get(spec.name)));
      return handler !== undefined && isSame ? [[spec.name, handler] as const] : [];
    }),
  );
}

/** The parts of a destination that its handler is made from. */
function madeFrom(spec: HandlerSpec | undefined): unknown {
  return spec === undefined ? null : [spec.target, spec.concurrency, spec.timeoutMs];
}
