import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, messageOf } from '../domain/errors.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { loadInTime } from '../runtime/load-in-time.ts';
import { noteModule } from '../runtime/loaded-modules.ts';
import type { Handler } from './handler.ts';
import type { HandlerFunction } from './target.ts';
import { withPayload } from './with-payload.ts';

/**
 * Makes a handler of a user's function. Its result is ignored; its errors, thrown or rejected, pass through to the
 * caller, which normalises them.
 */
export function createModuleHandler(handle: HandlerFunction): Handler {
  return {
    async handle(event, context, trace) {
      if (trace === undefined) await handle(withPayload(event), context);
      else await trace.run(async () => handle(withPayload(event), context));
      return undefined;
    },
  };
}

/**
 * Loads a handler function from a module: its default export, else the export `handler`.
 * @param path of the module, absolute or relative to the working directory
 * @param clock limits how long the module may take to load
 * @throws ConfigError with the path and what the module exports
 */
export async function loadHandlerFunction(
  path: string,
  clock: Clock = systemClock,
): Promise<HandlerFunction> {
  const file = resolve(path);
  const exported = await importModule(file, clock);
  const found = [exported.default, exported.handler].find((value) => typeof value === 'function');
  if (found !== undefined) return found as HandlerFunction;
  throw new ConfigError([
    `the handler module ${file} must export a function, as default or as "handler"; ${describe(exported)}`,
  ]);
}

async function importModule(file: string, clock: Clock): Promise<Readonly<Record<string, unknown>>> {
  try {
    noteModule(file);
    return await loadInTime(import(pathToFileURL(file).href), clock);
  } catch (error) {
    throw new ConfigError([`the handler module ${file} cannot be loaded: ${messageOf(error)}`]);
  }
}

function describe(exported: Readonly<Record<string, unknown>>): string {
  const found = Object.entries(exported).map(([name, value]) => `${name} (${typeof value})`);
  return found.length === 0 ? 'it exports nothing' : `it exports ${found.join(', ')}`;
}
