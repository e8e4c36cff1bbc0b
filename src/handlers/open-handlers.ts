import type { Destination } from '../domain/destination.ts';
import { ConfigError } from '../domain/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { Handler } from './handler.ts';
import { createHttpForward } from './http-forward.ts';
import { createModuleHandler, loadHandlerFunction } from './module.ts';
import type { IsSecretQuery } from './request-line.ts';
import { createSimulator } from './simulator.ts';
import type { Target } from './target.ts';

export type HandlerSpec = Pick<Destination, 'name' | 'concurrency' | 'timeoutMs'> &
  Readonly<{ target: Target }>;

export type HandlerTools = Readonly<{ clock: Clock; random: Random; isSecretQuery: IsSecretQuery }>;

/**
 * Opens the handler of every destination.
 * @returns handlers by destination name; the caller closes them with closeHandlers
 * @throws ConfigError with one line for each handler module that cannot be used; the other handlers are closed
 */
export async function openHandlers(
  destinations: readonly HandlerSpec[],
  tools: HandlerTools,
): Promise<Map<string, Handler>> {
  const handlers = new Map<string, Handler>();
  const problems: string[] = [];
  for (const destination of destinations) {
    try {
      handlers.set(destination.name, await openHandler(destination, tools));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems.map((problem) => `destinations.${destination.name}: ${problem}`));
    }
  }
  if (problems.length === 0) return handlers;
  await closeHandlers(handlers.values());
  throw new ConfigError(problems);
}

/**
 * Closes every handler, even if some fail to close.
 * @throws AggregateError with the reasons of those that failed
 */
export async function closeHandlers(handlers: Iterable<Handler>): Promise<void> {
  const results = await Promise.allSettled([...handlers].map(async (handler) => handler.close?.()));
  const reasons = results.filter((result) => result.status === 'rejected').map((result) => result.reason);
  if (reasons.length > 0) throw new AggregateError(reasons, `${reasons.length} handlers failed to close`);
}

async function openHandler(
  destination: HandlerSpec,
  { clock, random, isSecretQuery }: HandlerTools,
): Promise<Handler> {
  const { target, concurrency, timeoutMs } = destination;
  switch (target.kind) {
    case 'http':
      return createHttpForward(target, { concurrency, timeoutMs, clock, isSecretQuery });
    case 'function':
      return createModuleHandler(target.handle);
    case 'module':
      return createModuleHandler(await loadHandlerFunction(target.path, clock));
    case 'simulator':
      return createSimulator(target, clock, random);
  }
}
