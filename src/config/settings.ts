import { z } from 'zod';
import {
  apiKey,
  brokerUrl,
  databaseUrl,
  filePath,
  listenHost,
  logFormat,
  logLevel,
  numberText,
  publicBase,
  secretToken,
  traceUrl,
} from './env-kinds.ts';
import { LIMITS } from './limits.ts';
import { OTEL_ROWS } from './otel-settings.ts';
import { findVariableFlaw, SECRET_FLAW_TAKES } from './secret-text.ts';
import { optional, secret, setting } from './setting-row.ts';
import { show, showHidden } from './show.ts';
import { type Env, FILE_SUFFIX, readVariable } from './variable.ts';

/** One environment variable, as the documentation shows it. */
export type Setting = Readonly<{
  name: SettingName;
  /** The text that stands in for an unset variable; null when unset has a meaning of its own. */
  default: string | null;
  /** Describes valid texts. */
  takes: string;
  meaning: string;
  secret: boolean;
}>;

export type SettingName = keyof typeof TABLE;

/** The variables that name a file with the value of a secret setting. */
export type SecretFileName = {
  [Name in SettingName]: (typeof TABLE)[Name]['secret'] extends true ? `${Name}_FILE` : never;
}[SettingName];

/** Validation, defaults and the documentation are all derived from this table. */
const TABLE = {
  DB_PATH: setting(filePath, '/data/events.db', 'The SQLite database; created if it does not exist'),
  DATABASE_URL: secret(
    optional(
      databaseUrl,
      'The PostgreSQL database, shared by any number of receivers; set, DB_PATH is not used',
    ),
  ),
  DATABASE_DIRECT_URL: secret(
    optional(
      databaseUrl,
      'The same database without its pooler; set it if, and only if, DATABASE_URL leads to a pooler',
    ),
  ),
  QUEUE_URL: secret(
    optional(
      brokerUrl,
      'A broker that carries delivery ids between processes (Redis Streams or RabbitMQ); unset: deliveries are claimed from the database',
    ),
  ),
  WORKER_COUNT: setting(numberText(LIMITS.workers), '85', 'Most deliveries in progress at once'),
  QUEUE_MAXSIZE: setting(numberText(LIMITS.queue), '1000', 'Most deliveries that may be pending'),
  HELD_MAXSIZE: setting(
    numberText(LIMITS.held),
    '100000',
    'Most deliveries that may wait for destinations that are held or tripped, beside those of QUEUE_MAXSIZE',
  ),
  MIN_FREE_DISK_BYTES: optional(
    numberText(LIMITS.freeDiskBytes),
    "Free bytes of the SQLite file's file system below which no new event is accepted; unset: the smaller of 1 GiB and 5 % of it; 0 turns it off",
  ),
  MAX_ATTEMPTS: setting(
    numberText(LIMITS.attempts),
    '5',
    'Attempts of a delivery in all, the first included',
  ),
  RETRY_BASE_DELAY: setting(
    numberText(LIMITS.retryBaseSeconds),
    '5.0',
    'Wait before a retry in seconds, doubled with each finished attempt',
  ),
  RETRY_MAX_DELAY: setting(
    numberText(LIMITS.retryMaxSeconds),
    '300.0',
    'Longest wait before a retry, in seconds',
  ),
  RETRY_JITTER: setting(numberText(LIMITS.share), '0.1', 'Share of the wait by which it varies at random'),
  RETENTION_DAYS: setting(
    numberText(LIMITS.retentionDays),
    '30',
    'Age in days at which an event without open or blocking deliveries is deleted',
  ),
  CLEANUP_INTERVAL_HOURS: setting(numberText(LIMITS.cleanupHours), '1', 'Hours between two clean-ups'),
  REJECTED_MAX: setting(
    numberText(LIMITS.rejected),
    '500',
    'Most rejected requests kept for each source, the newest ones; 0 keeps none',
  ),
  REJECTED_MAX_BYTES: setting(
    numberText(LIMITS.rejectedBytes),
    '8388608',
    'Most bytes of rejected requests kept for each source',
  ),
  REJECTED_RETENTION_HOURS: setting(
    numberText(LIMITS.rejectedHours),
    '72',
    'Age in hours at which a rejected request is deleted',
  ),
  AUDIT_RETENTION_DAYS: setting(
    numberText(LIMITS.retentionDays),
    '400',
    'Age in days at which a row of the audit is deleted',
  ),
  LOG_LEVEL: setting(logLevel, 'INFO', 'The lowest level that is logged'),
  LOG_FORMAT: setting(logFormat, 'json', 'One JSON object per line, or text to read'),
  HOST: setting(listenHost, '0.0.0.0', 'The address to listen on'),
  PORT: setting(numberText(LIMITS.port), '8000', 'The port to listen on; 0 takes any free one'),
  MAX_BODY_BYTES: setting(
    numberText(LIMITS.bodyBytes),
    '5242880',
    'Longest request body in bytes; unset: also what a provider sends, such as 25 MiB of GitHub',
  ),
  PUBLIC_URL: optional(
    publicBase,
    'The URL by which senders reach the receiver, for providers that sign the URL; the path of the request is appended. Unset: `http` and the Host header',
  ),
  HANDLER_TIMEOUT: setting(
    numberText(LIMITS.timeoutSeconds),
    '30',
    'Seconds after which an attempt is aborted and counts as failed',
  ),
  SHUTDOWN_GRACE: setting(
    numberText(LIMITS.graceSeconds),
    '25',
    'Seconds that deliveries in progress have to finish after SIGTERM',
  ),
  CONFIG: optional(
    filePath,
    'The config file (.ts, .js, .mjs or .json); unset: webhooks.config.* in the working directory, if it exists',
  ),
  STRIPE_API_KEY: secret(
    optional(apiKey, 'A key that may read the events of your account, to find what Stripe never sent'),
  ),
  STRIPE_API_URL: setting(publicBase, 'https://api.stripe.com', 'Where the API of Stripe is'),
  GITHUB_TOKEN: secret(
    optional(apiKey, 'A token that may read and repeat the deliveries of your webhook at GitHub'),
  ),
  GITHUB_API_URL: setting(
    publicBase,
    'https://api.github.com',
    'Where the API of GitHub is, such as `https://HOST/api/v3` of an Enterprise Server',
  ),
  ADMIN_TOKEN: secret(optional(secretToken, 'The token of the admin surface; unset: that surface is closed')),
  ADMIN_HOST: optional(listenHost, 'The address of ADMIN_PORT; unset: 127.0.0.1'),
  ADMIN_PORT: optional(
    numberText(LIMITS.port),
    'A port of its own for the admin endpoints, metrics and reference, which PORT then answers 404; unset: PORT has all',
  ),
  SIMULATED_MIN_SECONDS: setting(numberText(LIMITS.simulatedSeconds), '2', 'Shortest sleep of the simulator'),
  SIMULATED_MAX_SECONDS: setting(numberText(LIMITS.simulatedSeconds), '5', 'Longest sleep of the simulator'),
  SIMULATED_FAILURE_RATE: setting(
    numberText(LIMITS.share),
    '0',
    'Share of the attempts that the simulator fails',
  ),
  TRACE_URL_TEMPLATE: optional(
    traceUrl,
    'The page of a trace, with `{trace_id}` in place of its id; unset: the id is shown without a link',
  ),
  ...OTEL_ROWS,
};

/** All environment variables, in the order in which to show them. */
export const SETTINGS: readonly Setting[] = Object.entries(TABLE).map(([name, row]) => ({
  name: name as SettingName,
  default: row.default,
  takes: row.takes,
  meaning: row.meaning,
  secret: row.secret,
}));

type Fields = { [Name in SettingName]: (typeof TABLE)[Name]['field'] };

/** The environment: texts in, values out. Variables of other programs are ignored. */
const envSchema = z.object(
  Object.fromEntries(Object.entries(TABLE).map(([name, row]) => [name, row.field])) as Fields,
);
export type EnvValues = z.output<typeof envSchema>;

export type EnvReading = Readonly<{
  /** Complete: an invalid variable has its default, so that everything else can still be checked. */
  values: EnvValues;
  wrong: ReadonlySet<SettingName>;
  /** Variables that have a value: set and not empty, or read from a file. */
  given: ReadonlySet<SettingName>;
  problems: readonly string[];
  /** The files that `NAME_FILE` variables name. */
  files: readonly string[];
}>;

/**
 * Reads the settings from the environment, secrets also from the files that `NAME_FILE` variables name. An empty variable
 * counts as unset.
 * @param cwd what paths are relative to
 */
export function readEnv(processEnv: Env, cwd: string = process.cwd()): EnvReading {
  const { env, files, problems, wrong: unreadable } = readSecretFiles(processEnv, cwd);
  const given = new Set(SETTINGS.map((setting) => setting.name).filter((name) => env[name]));
  const parsed = envSchema.safeParse(env);
  if (parsed.success) return { values: parsed.data, wrong: unreadable, given, problems, files };
  const wrong = new Set(parsed.error.issues.map((issue) => issue.path[0] as SettingName));
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !wrong.has(name as SettingName)));
  return {
    values: envSchema.parse(rest),
    wrong: new Set([...wrong, ...unreadable]),
    given,
    problems: [...problems, ...wordProblems(env, parsed.error.issues)],
    files,
  };
}

/** The environment with what the files of secrets hold. A file that cannot be read leaves its variable unset. */
function readSecretFiles(processEnv: Env, cwd: string) {
  const env: Record<string, string | undefined> = { ...processEnv };
  const files: string[] = [];
  const problems: string[] = [];
  const wrong = new Set<SettingName>();
  for (const { name } of SETTINGS.filter(({ secret }) => secret)) {
    const reading = readVariable(processEnv, name, cwd);
    if (reading.kind === 'missing') continue;
    if (reading.file !== null) files.push(reading.file);
    if (reading.kind === 'set') {
      env[name] = reading.text;
      continue;
    }
    delete env[name];
    wrong.add(name);
    problems.push(reading.problem);
  }
  return { env, files, problems, wrong };
}

function wordProblems(env: Env, issues: readonly z.core.$ZodIssue[]): string[] {
  return SETTINGS.flatMap(({ name, secret }) => {
    const issue = issues.find(({ path }) => path[0] === name);
    if (issue === undefined) return [];
    const value = env[name] ?? '';
    const variable = env[`${name}${FILE_SUFFIX}`] && secret ? `${name}${FILE_SUFFIX}` : name;
    const flaw = secret ? findVariableFlaw(value) : null;
    if (flaw !== null) return `${variable}: got ${showHidden(value)} ${flaw}, takes ${SECRET_FLAW_TAKES}`;
    return `${variable}: got ${secret ? showHidden(value) : show(value)}, takes ${issue.message}`;
  });
}
