import { z } from 'zod';
import { ConfigError } from '../domain/errors.ts';
import { DEFAULT_SOURCE } from '../domain/source.ts';
import type { ReconcileRule, SourceConfig, Verification } from '../ingest/source-config.ts';
import { HOOK_TAKES } from '../reconcile/github.ts';
import { RECONCILABLE } from '../reconcile/reconcile.ts';
import { numberField } from '../schema/number-range.ts';
import { strict } from '../schema/strict-object.ts';
import { SCHEME_LIMITS } from '../verify/limits.ts';
import { findProvider } from '../verify/providers/index.ts';
import { expectField } from './alerts.ts';
import { LIMITS } from './limits.ts';
import { isObject } from './raw-named.ts';
import {
  handshakesField,
  identitiesField,
  maskField,
  paramsField,
  providerField,
  publicKeyField,
  publicUrlField,
  reconcileField,
  replyField,
  schemesField,
  searchField,
  secretsField,
  sourceSecretField,
  trustField,
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
  replayOnRedelivery: z.boolean('true or false').optional(),
  reply: replyField.optional(),
  maxBodyBytes: numberField(LIMITS.sourceBodyBytes).optional(),
  mask: maskField.optional(),
  search: searchField.optional(),
  reconcile: reconcileField.optional(),
  trust: trustField.optional(),
  expect: expectField.optional(),
};

type Key = keyof typeof sourceShape;

const WAYS: readonly Key[] = ['provider', 'verify'];
/** Keys of a source without verification, too. */
const ANYWHERE: readonly Key[] = ['mask', 'search', 'trust', 'expect'];
const OTHERS = (Object.keys(sourceShape) as Key[]).filter(
  (key) => !WAYS.includes(key) && !ANYWHERE.includes(key),
);

/** Pairs of keys that exclude each other. */
const RIVALS: readonly (readonly [Key, Key])[] = [
  ['secret', 'secrets'],
  ['publicUrl', 'public_url'],
];

export const SOURCE_TAKES = 'an object: {}, or with provider or verify';

export const sourceSchema = strict(sourceShape, SOURCE_TAKES).superRefine(
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
    const { provider, reconcile } = source;
    if (reconcile !== undefined && !RECONCILABLE.some((name) => name === provider)) {
      say(['reconcile'], 'a value', `a value only beside provider: ${RECONCILABLE.join(' or ')}`);
    }
    if (provider === 'github' && reconcile?.every !== undefined && reconcile.hook === undefined) {
      say(['reconcile'], 'every without hook', `a hook, ${HOOK_TAKES}`);
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

/** Makes the sources of checked values, DEFAULT_SOURCE first unless it is closed. */
export function toSources(sources: FileSources, bodies: BodyLimits): SourceConfig[] {
  const others = Object.keys(sources).filter((name) => name !== DEFAULT_SOURCE);
  const isClosed = sources[DEFAULT_SOURCE] === false || closesDefault(sources);
  return [...(isClosed ? [] : [DEFAULT_SOURCE]), ...others].map((name) => {
    const values = (Object.hasOwn(sources, name) && sources[name]) || {};
    const { mask, search, reconcile, trust, expect } = values;
    return {
      name,
      verification: toVerification(values),
      maxBodyBytes: bodyLimit(values, bodies),
      ...(mask !== undefined && { mask }),
      ...(search !== undefined && { search }),
      ...(reconcile !== undefined && { reconcile: toReconcile(reconcile) }),
      ...(trust?.trace === true && { trustsTrace: true }),
      ...(expect !== undefined && { expect }),
    };
  });
}

/** As long as Stripe and GitHub send again, or let it be asked for. */
const RECONCILE_SINCE_MS = 3 * 86_400_000;

function toReconcile({ every, since, hook }: NonNullable<SourceValues['reconcile']>): ReconcileRule {
  return { everyMs: every ?? null, sinceMs: since ?? RECONCILE_SINCE_MS, hook: hook ?? null };
}

type FileSources = Readonly<Record<string, SourceValues | false>>;

/** Whether a verified source closes `POST /webhooks`, which nobody has declared: anyone could send what nobody signs. */
export function closesDefault(sources: FileSources): boolean {
  if (Object.hasOwn(sources, DEFAULT_SOURCE)) return false;
  return Object.values(sources).some(
    (source) => source !== false && (source.provider !== undefined || source.verify !== undefined),
  );
}

/**
 * Refuses a start that would close the default source while it has events: after an upgrade its senders would be turned
 * away in silence.
 * @throws ConfigError with the two lines to choose from
 */
export async function checkDefaultSource(
  { closesDefault: isClosing }: Readonly<{ closesDefault: boolean }>,
  store: Readonly<{ hasEvents(source: string): Promise<boolean> }>,
): Promise<void> {
  if (!isClosing || !(await store.hasEvents(DEFAULT_SOURCE))) return;
  throw new ConfigError([
    'sources.default: is not declared, which closes POST /webhooks beside verified sources, but its events are kept. Add one of\n' +
      '      default: {},     it stays open, and takes events from anyone\n' +
      '      default: false,  it is closed; what is kept is still delivered',
  ]);
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
    replayOnRedelivery: values.replayOnRedelivery ?? true,
    handshakes: values.handshakes ?? [],
    reply: values.reply ?? null,
  };
}
