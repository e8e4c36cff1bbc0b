import { type EnvValues, envSchema } from './schema.ts';
import { SETTINGS, type SettingName } from './settings.ts';
import { show, showHidden } from './show.ts';

/** Environment variables by name, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

export type EnvReading = Readonly<{
  /** Complete: a variable that is wrong stands at its default, so that all else can still be checked. */
  values: EnvValues;
  wrong: ReadonlySet<SettingName>;
  /** Those that do not stand at their default for want of a text. */
  given: ReadonlySet<SettingName>;
  problems: readonly string[];
}>;

/** Reads the settings from the environment. An empty variable is as good as none. */
export function readEnv(env: Env): EnvReading {
  const given = new Set(SETTINGS.map((setting) => setting.name).filter((name) => env[name]));
  const parsed = envSchema.safeParse(env);
  if (parsed.success) return { values: parsed.data, wrong: new Set(), given, problems: [] };
  const wrong = new Set(parsed.error.issues.map((issue) => issue.path[0] as SettingName));
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !wrong.has(name as SettingName)));
  return { values: envSchema.parse(rest), wrong, given, problems: wordProblems(env, wrong) };
}

function wordProblems(env: Env, wrong: ReadonlySet<SettingName>): string[] {
  return SETTINGS.filter((setting) => wrong.has(setting.name)).map(({ name, secret, takes }) => {
    const got = secret ? showHidden(env[name]) : show(env[name]);
    return `${name}: got ${got}, takes ${takes}`;
  });
}
