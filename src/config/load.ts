import { dirname, relative } from 'node:path';
import { ConfigError } from '../domain/errors.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { checkFile } from './check-file.ts';
import { checkVerifiers } from './check-verifiers.ts';
import type { Config } from './config.ts';
import { crossCheck } from './cross-checks.ts';
import type { UserConfig } from './define-config.ts';
import { checkHandlerPaths } from './destinations.ts';
import { findConfigFile, type ImportModule, readConfigFile } from './file.ts';
import { freshImport } from './fresh-import.ts';
import { provideOwnModule } from './self-import.ts';
import { type EnvReading, readEnv } from './settings.ts';
import { toConfig } from './to-config.ts';
import { toTelemetry } from './to-telemetry.ts';
import type { Env } from './variable.ts';

export type LoadOptions = Readonly<{
  env: Env;
  /** What relative paths in the environment are relative to, and where a config file is looked for. */
  cwd: string;
  /** Takes the place of a config file: CONFIG is not read, and handlers' paths are relative to `cwd`. */
  userConfig?: UserConfig;
  /** Another program sets up OpenTelemetry: its variables are that program's. */
  hasHostSdk?: boolean;
  importModule?: ImportModule;
  /** Limits how long a config file may take to load; unset: the system's. */
  clock?: Clock;
}>;

/**
 * Loads the effective configuration from the environment and the config file.
 * @throws ConfigError with all problems of both
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { env, cwd, hasHostSdk = false } = options;
  const reading = readEnv(hasHostSdk ? withoutTelemetry(env) : env, cwd);
  const user = await readUserConfig(options, reading);
  const folder = user.path === null ? cwd : dirname(user.path);
  const checked = checkFile(user.value, user.name);
  const problems = [
    ...reading.problems,
    ...user.problems,
    ...crossCheck(reading, user.value),
    ...checked.problems,
    ...checkVerifiers(user.value),
    ...(await checkHandlerPaths(user.value, folder)),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return toConfig(reading.values, checked.values, {
    cwd,
    configFile: user.path,
    folder,
    telemetry: toTelemetry(reading),
    isBodyLimitSet: reading.given.has('MAX_BODY_BYTES'),
  });
}

function withoutTelemetry(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('OTEL_')));
}

type UserReading = Readonly<{
  /** The name of the whole value in problems. */
  name: string;
  path: string | null;
  value: unknown;
  problems: readonly string[];
}>;

async function readUserConfig(options: LoadOptions, env: EnvReading): Promise<UserReading> {
  if (options.userConfig !== undefined) {
    // Handler modules may still import the receiver.
    provideOwnModule();
    return { name: 'config', path: null, value: options.userConfig, problems: [] };
  }
  // With an invalid CONFIG, problems of another file would only mislead.
  if (env.wrong.has('CONFIG')) return noFile([]);
  const found = await findConfigFile(options.cwd, env.values.CONFIG);
  if (found.kind === 'found') return readFound(found.path, options);
  return noFile(found.kind === 'wrong' ? [found.problem] : []);
}

function noFile(problems: readonly string[]): UserReading {
  return { name: 'config', path: null, value: {}, problems };
}

async function readFound(path: string, options: LoadOptions): Promise<UserReading> {
  provideOwnModule();
  const { cwd, importModule = freshImport, clock = systemClock } = options;
  const name = relative(cwd, path);
  const file = await readConfigFile(path, name, { importModule, clock });
  if (file.kind === 'read') return { name, path, value: file.value, problems: [] };
  return { name, path, value: {}, problems: [file.problem] };
}
