import { resolve } from 'node:path';
import { filesOfEnv } from './env.ts';
import { CONFIG_FILE_NAMES } from './file.ts';
import { SETTINGS } from './settings.ts';
import { type Env, FILE_SUFFIX } from './variable.ts';

/** The files that a reload reads: the config file, wherever it may be, and those with secrets. */
export function watchedFiles(env: Env, cwd: string): readonly string[] {
  const configs = env.CONFIG ? [env.CONFIG] : CONFIG_FILE_NAMES;
  const secrets = SETTINGS.flatMap(({ name, secret }) => (secret && env[`${name}${FILE_SUFFIX}`]) || []);
  return [...new Set([...[...configs, ...secrets].map((path) => resolve(cwd, path)), ...filesOfEnv()])];
}
