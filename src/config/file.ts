import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../domain/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { loadInTime } from '../runtime/load-in-time.ts';
import { findJsonError } from './json-error.ts';
import { oneLine, show } from './show.ts';

const EXTENSIONS = ['.ts', '.js', '.mjs', '.json'] as const;
const EXTENSIONS_TEXT = '.ts, .js, .mjs or .json';

/** Looked for in the working directory when CONFIG is not set. */
export const CONFIG_FILE_NAMES: readonly string[] = EXTENSIONS.map(
  (extension) => `webhooks.config${extension}`,
);

export type FoundFile =
  | Readonly<{ kind: 'found'; path: string }>
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'wrong'; problem: string }>;

/**
 * Finds the config file.
 * @param named the value of CONFIG, or null to look for the usual names
 */
export async function findConfigFile(cwd: string, named: string | null): Promise<FoundFile> {
  return named === null ? findByName(cwd) : checkNamed(named, resolve(cwd, named));
}

async function checkNamed(named: string, path: string): Promise<FoundFile> {
  const takes = `takes the path of a ${EXTENSIONS_TEXT} file`;
  if (!(EXTENSIONS as readonly string[]).includes(extname(path))) {
    return { kind: 'wrong', problem: `CONFIG: got ${show(named)}, ${takes}` };
  }
  if (await isFileAt(path)) return { kind: 'found', path };
  return { kind: 'wrong', problem: `CONFIG: got ${show(named)}, ${takes} that is there; ${path} is not` };
}

async function findByName(cwd: string): Promise<FoundFile> {
  const present = await Promise.all(CONFIG_FILE_NAMES.map((name) => isFileAt(resolve(cwd, name))));
  const found = CONFIG_FILE_NAMES.filter((_, at) => present[at]);
  const [first, ...others] = found;
  if (first === undefined) return { kind: 'none' };
  if (others.length === 0) return { kind: 'found', path: resolve(cwd, first) };
  // Choosing one silently would leave the user editing the other.
  const got = `nothing, and ${found.join(' and ')} are in ${cwd}`;
  return { kind: 'wrong', problem: `CONFIG: got ${got}, takes the one to use when there are several` };
}

/** Whether a regular file is at the path, links followed. */
export async function isFileAt(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Imports a module by its URL. */
export type ImportModule = (url: string) => Promise<unknown>;

/** How modules are loaded, and the clock that limits how long it takes. */
export type ModuleLoading = Readonly<{ importModule: ImportModule; clock: Clock }>;

export type FileReading =
  | Readonly<{ kind: 'read'; value: unknown }>
  | Readonly<{ kind: 'wrong'; problem: string }>;

const MESSAGE_CHARS_MAX = 500;

/**
 * Reads the value of a config file: of JSON the whole, of a module its default export, awaited.
 * @param name what to call the file in a mistake
 */
export async function readConfigFile(
  path: string,
  name: string,
  { importModule, clock }: ModuleLoading,
): Promise<FileReading> {
  try {
    return extname(path) === '.json'
      ? await readJson(path, name)
      : await loadInTime(readModule(path, name, importModule), clock);
  } catch (error) {
    const message = oneLine(messageOf(error), MESSAGE_CHARS_MAX);
    return { kind: 'wrong', problem: `${name}: cannot be loaded: ${message}` };
  }
}

async function readJson(path: string, name: string): Promise<FileReading> {
  const text = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  const mistake = findJsonError(text);
  if (mistake === null) return { kind: 'read', value: JSON.parse(text) };
  const { found, line, column } = mistake;
  return { kind: 'wrong', problem: `${name}: got ${found} at line ${line}, position ${column}, takes JSON` };
}

async function readModule(path: string, name: string, importModule: ImportModule): Promise<FileReading> {
  const module = (await importModule(pathToFileURL(path).href)) as Readonly<{ default?: unknown }>;
  if (!('default' in module)) {
    return { kind: 'wrong', problem: `${name}: got no default export, takes a module with one` };
  }
  return { kind: 'read', value: await module.default };
}
