import type { Target } from '../handlers/target.ts';
import type { SourceConfig, Verification } from '../ingest/source-config.ts';
import type { OtlpTarget, TelemetryConfig } from '../trace/sdk/sdk-options.ts';
import type { Config } from './config.ts';
import { REDACTED, redactDatabaseUrl, redactPath, redactUrl } from './show.ts';

/** The effective configuration as printable JSON, without anything that is or may be a secret. */
export function explainConfig(config: Config): object {
  const { publicUrl } = config.http;
  const { stripe, github } = config.providerKeys;
  return {
    ...config,
    databaseUrl: redactDatabaseUrl(config.databaseUrl),
    databaseDirectUrl: redactDatabaseUrl(config.databaseDirectUrl),
    queueUrl: config.queueUrl === null ? null : redactUrl(config.queueUrl),
    http: { ...config.http, publicUrl: redactNullable(publicUrl) },
    providerKeys: {
      stripe: { key: redact(stripe.key), url: redactUrl(stripe.url) },
      github: { key: redact(github.key), url: redactUrl(github.url) },
    },
    telemetry: explainTelemetry(config.telemetry),
    tokens: config.tokens.map(({ name, role }) => ({ name, role, token: REDACTED })),
    sources: config.sources.map(explainSource),
    destinations: config.destinations.map((destination) => ({
      ...destination,
      target: explainTarget(destination.target),
    })),
  };
}

/** Any header may carry a credential, and so may a URL. */
function explainTelemetry({ resource, traces, metrics }: TelemetryConfig): object {
  const hide = <T extends OtlpTarget>(target: T | null) =>
    target === null
      ? null
      : {
          ...target,
          url: redactUrl(target.url),
          headers: Object.fromEntries(Object.keys(target.headers).map((name) => [name, REDACTED])),
        };
  return { resource, traces: hide(traces), metrics: hide(metrics) };
}

function explainSource({ name, verification, mask, search, reconcile, trustsTrace }: SourceConfig): object {
  return {
    name,
    verification: verification === null ? null : explainVerification(verification),
    ...(mask !== undefined && { mask }),
    ...(search !== undefined && { search }),
    ...(reconcile !== undefined && { reconcile }),
    ...(trustsTrace === true && { trust: { trace: true } }),
  };
}

/** Parameters whose names suggest a secret value. */
const SECRET_NAME = /secret|token|key/i;

function explainVerification({ secrets, params, publicUrl, handshakes, ...rest }: Verification): object {
  const hidden = Object.entries(params).map(([name, value]) => [
    name,
    SECRET_NAME.test(name) ? REDACTED : value,
  ]);
  return {
    ...rest,
    secrets: secrets.map(() => REDACTED),
    params: Object.fromEntries(hidden),
    publicUrl: redactNullable(publicUrl),
    // A handshake's condition may hold a secret.
    handshakes: handshakes.map(({ name }) => name),
  };
}

function redactNullable(url: string | null): string | null {
  return url === null ? null : redactUrl(url);
}

function explainTarget(target: Target): object {
  if (target.kind === 'function') return { kind: target.kind };
  if (target.kind !== 'http') return target;
  const { url, headers, secret } = target;
  // Any header may carry a credential: no value is shown.
  const hidden = Object.fromEntries(Object.keys(headers).map((name) => [name, REDACTED]));
  return { ...target, url: redactPath(url), headers: hidden, secret: redact(secret) };
}

function redact(secret: string | null): string | null {
  return secret === null ? null : REDACTED;
}
