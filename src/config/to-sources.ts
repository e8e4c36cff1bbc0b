import { DEFAULT_SOURCE } from '../domain/source.ts';
import type { SourceConfig, Verification } from '../ingest/source-config.ts';
import { findProvider } from '../verify/providers/index.ts';
import type { SourceValues } from './source-schema.ts';

/**
 * A day. A captured request that is sent again under another id is most likely sent soon; a longer window would take
 * for repetitions what happened twice with the same words.
 */
const REPLAY_WINDOW_SECONDS = 86_400;

/** Makes the sources of values that are right, DEFAULT_SOURCE first. */
export function toSources(sources: Readonly<Record<string, SourceValues>>): SourceConfig[] {
  const others = Object.keys(sources).filter((name) => name !== DEFAULT_SOURCE);
  return [DEFAULT_SOURCE, ...others].map((name) => ({
    name,
    verification: toVerification(Object.hasOwn(sources, name) ? sources[name]! : {}),
  }));
}

function toVerification(values: SourceValues): Verification | null {
  const { provider, verify, secret, secrets = [] } = values;
  if (provider === undefined && verify === undefined) return null;
  return {
    // By its own id: what it was called in the file may have been another name of it.
    provider: provider === undefined ? null : findProvider(provider)!.id,
    schemes: verify ?? null,
    secrets: secret === undefined ? secrets : [secret],
    publicKey: values.publicKey ?? null,
    params: values.params ?? {},
    identity: { idempotencyKey: values.idempotencyKey ?? null, eventType: values.eventType ?? null },
    publicUrl: values.publicUrl ?? values.public_url ?? null,
    toleranceSeconds: values.toleranceSeconds ?? null,
    replayWindowMs: Math.round((values.replayWindowSeconds ?? REPLAY_WINDOW_SECONDS) * 1000),
    handshakes: values.handshakes ?? [],
    reply: values.reply ?? null,
  };
}
