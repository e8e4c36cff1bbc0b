import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../domain/errors.ts';
import { findJsonError } from './json-error.ts';
import { oneLine } from './show.ts';

/** Imports a module by its URL. */
export type ImportModule = (url: string) => Promise<unknown>;

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
  importModule: ImportModule,
): Promise<FileReading> {
  try {
    return extname(path) === '.json'
      ? await readJson(path, name)
      : await readModule(path, name, importModule);
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
