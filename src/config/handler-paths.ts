import { resolve } from 'node:path';
import { isFileAt } from './find-file.ts';
import { pathText } from './problem-lines.ts';
import { rawNamed } from './raw-named.ts';
import { show } from './show.ts';

/** The absolute path of a handler's module, which is written relative to the config file. */
export function handlerPath(folder: string, handler: string): string {
  return resolve(folder, handler);
}

/** Finds handlers whose module is not there: better told at start-up than with the first event. */
export async function checkHandlerPaths(file: unknown, folder: string): Promise<string[]> {
  const lines = await Promise.all(
    rawNamed(file, 'destinations').map(([name, { handler }]) => checkHandlerPath(name, handler, folder)),
  );
  return lines.flat();
}

async function checkHandlerPath(destination: string, handler: unknown, folder: string): Promise<string[]> {
  if (typeof handler !== 'string' || handler === '' || handler.includes('\0')) return [];
  const path = handlerPath(folder, handler);
  if (await isFileAt(path)) return [];
  const at = pathText(['destinations', destination, 'handler']);
  return [`${at}: got ${show(handler)}, takes the path of a module that is there; ${path} is not`];
}
