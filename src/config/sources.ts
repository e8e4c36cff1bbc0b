import type { z } from 'zod';
import { DEFAULT_SOURCE } from '../domain/source.ts';
import type { SourceConfig, Verification } from '../ingest/source-config.ts';
import { numberField } from '../schema/number-range.ts';
import { strict } from '../schema/strict-object.ts';
import { SCHEME_LIMITS } from '../verify/limits.ts';
import { findProvider } from '../verify/providers/index.ts';
import { LIMITS } from './limits.ts';
import { isObject } from './raw-named.ts';
import {
  handshakesField,
  identitiesField,
  paramsField,
  providerField,
  publicKeyField,
  publicUrlField,
  replyField,
  schemesField,
  secretsField,
  sourceSecretField,
} from './source-fields.ts';

// exactOptional where undefined would leave requests unverified: `secret: process.env.MISTYPED_NAME` must stop
// the start, and `provider: undefined` is not a source without verification.
const sourceShape = {
  provider: providerField.exactOptional(),
  verify: schemesField.exactOptional(),
  handshakes: handshakesField.exactOptional(),
  secret: sourceSecretField.exactOptional(),
  secrets: secretsField.exactOptional(),
  publicKey: publicKeyField.exactOptional(),
  params: paramsField.exactOptional(),
  idempotencyKey: identitiesField.exactOptional(),
  eventType: identitiesField.exactOptional(),
  publicUrl: publicUrlField.exactOptional(),
  public_url: publicUrlField.exactOptional(),
  toleranceSeconds: numberField(SCHEME_LIMITS.toleranceSeconds).optional(),
  replayWindowSeconds: numberField(LIMITS.replayWindowSeconds).optional(),
  reply: replyField.optional(),
  maxBodyBytes: numberField(LIMITS.sourceBodyBytes).optional(),
};

type Key = keyof typeof sourceShape;

const WAYS: readonly Key[] = ['provider', 'verify'];
const OTHERS = (Object.keys(sourceShape) as Key[]).filter((key) => !WAYS.includes(key));

/** Pairs of keys that exclude each other. */
const RIVALS: readonly (readonly [Key, Key])[] = [
  ['secret', 'secrets'],
  ['publicUrl', 'public_url'],
];

export const sourceSchema = strict(sourceShape, 'an object: {}, or with provider or verify').superRefine(
  (source, context) => {
    const say = (path: Key[], got: string, message: string) =>
      context.addIssue({ code: 'custom', path, message, params: { got } });
    const has = (key: Key) => Object.hasOwn(source, key);
    if (WAYS.every(has)) say([], 'both provider and verify', 'exactly one of the two');
    if (!WAYS.some(has)) {
      for (const key of OTHERS.filter(has)) {
        say([key], 'a value without provider or verify', 'a value only beside one of them');
      }
    }
    if (has('provider') && has('handshakes')) {
      say(['handshakes'], 'a value beside provider', 'a value beside verify only: a provider has its own');
    }
    for (const [one, other] of RIVALS.filter((pair) => pair.every(has))) {
      say([other], `a value beside ${one}`, 'one of the two');
    }
  },
  // Also when single fields are invalid, so that all problems are reported at once.
  { when: ({ value }) => isObject(value) },
);

export type SourceValues = z.output<typeof sourceSchema>;

/**
 * A day. A captured request that is replayed under another id is most likely replayed soon; a longer window would
 * suppress genuine events with equal bodies.
 */

/** Makes the sources of checked values, DEFAULT_SOURCE first. */
export function toSources(
  sources: Readonly<Record<string, SourceValues>>,
  bodies: BodyLimits,
): SourceConfig[] {
  const others = Object.keys(sources).filter((name) => name !== DEFAULT_SOURCE);
  return [DEFAULT_SOURCE, ...others].map((name) => {
    const values = Object.hasOwn(sources, name) ? sources[name]! : {};
    return { name, verification: toVerification(values), maxBodyBytes: bodyLimit(values, bodies) };
  });
}

/** MAX_BODY_BYTES, and whether it is set or stands at its default. */
export type BodyLimits = Readonly<{ maxBodyBytes: number; isSet: boolean }>;

/** The source's own limit or its provider's, which a MAX_BODY_BYTES that is set caps; otherwise MAX_BODY_BYTES. */
function bodyLimit({ provider, maxBodyBytes }: SourceValues, bodies: BodyLimits): number {
  const own = maxBodyBytes ?? (provider === undefined ? undefined : findProvider(provider)!.maxBodyBytes);
  if (own === undefined) return bodies.maxBodyBytes;
  return bodies.isSet ? Math.min(own, bodies.maxBodyBytes) : own;
}

function toVerification(values: SourceValues): Verification | null {
  const { provider, verify, secret, secrets = [] } = values;
  if (provider === undefined && verify === undefined) return null;
  return {
    // The file may name a provider by an alias.
    provider: provider === undefined ? null : findProvider(provider)!.id,
    schemes: verify ?? null,
    secrets: secret === undefined ? secrets : [secret],
    publicKey: values.publicKey ?? null,
    params: values.params ?? {},
    identity: { idempotencyKey: values.idempotencyKey ?? null, eventType: values.eventType ?? null },
    publicUrl: values.publicUrl ?? values.public_url ?? null,
    toleranceSeconds: values.toleranceSeconds ?? null,
    replayWindowMs:
      values.replayWindowSeconds === undefined ? null : Math.round(values.replayWindowSeconds * 1000),
    handshakes: values.handshakes ?? [],
    reply: values.reply ?? null,
  };
}
