import type { Target } from '../handlers/target.ts';
import type { Config } from './config.ts';
import { REDACTED, redactUrl } from './show.ts';

/** The effective configuration as JSON can print it, without anything that is or may be a secret. */
export function explainConfig(config: Config): object {
  const { adminToken } = config.http;
  return {
    ...config,
    http: { ...config.http, adminToken: redact(adminToken) },
    destinations: config.destinations.map((destination) => ({
      ...destination,
      target: explainTarget(destination.target),
    })),
  };
}

function explainTarget(target: Target): object {
  if (target.kind === 'function') return { kind: target.kind };
  if (target.kind !== 'http') return target;
  const { url, headers, secret } = target;
  // Which header carries a credential cannot be known: none shows its value.
  const hidden = Object.fromEntries(Object.keys(headers).map((name) => [name, REDACTED]));
  return { ...target, url: redactUrl(url), headers: hidden, secret: redact(secret) };
}

function redact(secret: string | null): string | null {
  return secret === null ? null : REDACTED;
}
