import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { noteModule, realFile } from '../runtime/loaded-modules.ts';

/**
 * Node keeps every module that it has loaded, some 10 KB for a config file. A process that loads its config file more
 * often needs a restart.
 */
export const MODULE_LOADS_MAX = 10_000;

const require = createRequire(import.meta.url);

/** How often each module was loaded in this process. */
const loads = new Map<string, number>();

/**
 * Imports a module as it is in its file now, also if an earlier version of it was loaded. What it imports is loaded once
 * for a process: modules of handlers must not get a second state. Links are followed here, anew each time, since Node keeps
 * where they led: behind the links of a mounted volume of Kubernetes every version is in a folder of its own.
 * @throws Error after MODULE_LOADS_MAX loads of the module, and whatever the module throws
 */
export async function freshImport(url: string): Promise<unknown> {
  const file = realFile(fileURLToPath(url));
  const count = loads.get(url) ?? 0;
  if (count >= MODULE_LOADS_MAX) {
    throw new Error(
      `it was loaded ${count} times, which takes memory; restart the receiver to load it again`,
    );
  }
  loads.set(url, count + 1);
  noteModule(file);
  // A CommonJS module has a second cache, by file name.
  delete require.cache[file];
  const { href } = pathToFileURL(file);
  return import(count === 0 ? href : `${href}?reload=${count}`);
}
