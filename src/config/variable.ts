import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { show } from './show.ts';

/** Environment variables by name, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Longest content of a file with a secret: far more than any key, and too little to be another file by mistake. */
export const SECRET_FILE_BYTES_MAX = 64 * 1024;

/** The variable that names a file with the value of another one, as Docker and Kubernetes mount secrets. */
export const FILE_SUFFIX = '_FILE';

/** What a variable that may hold a secret says: in the environment, or in the file that `NAME_FILE` names. */
export type VariableReading =
  | Readonly<{ kind: 'set'; text: string; file: string | null }>
  | Readonly<{ kind: 'missing'; isEmpty: boolean }>
  /** `problem` names the variable and the file, and shows nothing of its content. */
  | Readonly<{ kind: 'wrong'; problem: string; file: string | null }>;

/**
 * Reads a variable, or the file that `NAME_FILE` names, anew with each call: the environment of a process cannot change,
 * but a file can. An empty variable counts as unset. One final line break of a file is dropped.
 * @param cwd what the path is relative to
 */
export function readVariable(env: Env, name: string, cwd: string = process.cwd()): VariableReading {
  const text = env[name] ?? '';
  const fileVariable = `${name}${FILE_SUFFIX}`;
  const path = env[fileVariable] ?? '';
  if (path === '') {
    return text === ''
      ? { kind: 'missing', isEmpty: env[name] !== undefined }
      : { kind: 'set', text, file: null };
  }
  if (text !== '') {
    return {
      kind: 'wrong',
      problem: `${fileVariable}: got a value beside ${name}, takes one of the two`,
      file: null,
    };
  }
  const file = resolve(cwd, path);
  const content = readSmallFile(file);
  if (content.kind === 'read') return { kind: 'set', text: content.text, file };
  const takes = `the path of a file with the value of ${name}, at most ${SECRET_FILE_BYTES_MAX} bytes`;
  return {
    kind: 'wrong',
    problem: `${fileVariable}: got ${show(path)}, ${content.flaw}, takes ${takes}`,
    file,
  };
}

type Content = Readonly<{ kind: 'read'; text: string }> | Readonly<{ kind: 'wrong'; flaw: string }>;

/** Synchronous, since `env('NAME')` is; opened so that a pipe without a writer does not stop the process. */
function readSmallFile(file: string): Content {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { kind: 'wrong', flaw: `which cannot be read (${codeOf(error)})` };
  }
  try {
    if (!fstatSync(descriptor).isFile()) return { kind: 'wrong', flaw: 'which is not a regular file' };
    return toText(readUpTo(descriptor, SECRET_FILE_BYTES_MAX + 1));
  } catch (error) {
    return { kind: 'wrong', flaw: `which cannot be read (${codeOf(error)})` };
  } finally {
    closeSync(descriptor);
  }
}

function toText(bytes: Buffer): Content {
  if (bytes.length > SECRET_FILE_BYTES_MAX) return { kind: 'wrong', flaw: 'which is too large' };
  if (!isUtf8(bytes)) return { kind: 'wrong', flaw: 'which is not text in UTF-8' };
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  return text === '' ? { kind: 'wrong', flaw: 'which is empty' } : { kind: 'read', text };
}

function readUpTo(descriptor: number, bytesMax: number): Buffer {
  const bytes = Buffer.alloc(bytesMax);
  let length = 0;
  for (let read = -1; read !== 0 && length < bytesMax; length += read) {
    read = readSync(descriptor, bytes, length, bytesMax - length, null);
  }
  return bytes.subarray(0, length);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
