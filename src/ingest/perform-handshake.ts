import type { Emit } from '../events.ts';
import type { SourceStateStore } from '../store/store.ts';
import { answerHandshake, type HandshakeReply } from '../verify/handshake.ts';
import type { Handshake } from '../verify/provider.ts';
import { compileLocator } from '../verify/read/locate.ts';
import { scopeOf } from '../verify/read/scope.ts';
import type { RequestView } from '../verify/read/signed-request.ts';
import type { Locator } from '../verify/scheme.ts';
import type { BeginConfirmation } from './confirm-subscription.ts';
import type { SourceRules } from './open-source.ts';

export type HandshakeOutcome =
  | Readonly<{ kind: 'handshake'; handshake: string; reply: HandshakeReply }>
  | Readonly<{ kind: 'handshake_refused'; handshake: string; detail: string }>;

/**
 * Answers a handshake and does what it asks for.
 * @param writes store what it brought, by default by themselves
 * @throws StoreError when what it brought could not be kept: then it is not answered either
 */
export type PerformHandshake = (
  source: string,
  rules: SourceRules,
  handshake: Handshake,
  request: RequestView,
  nowMs: number,
  writes?: HandshakeWrites,
) => Promise<HandshakeOutcome>;

export type HandshakeWrites = Pick<SourceStateStore, 'keepSourceState' | 'replaceSourceState'>;

export type PerformHandshakeParts = Readonly<{ beginConfirmation: BeginConfirmation; emit: Emit }>;

/** Far longer than any provider's challenge; what is echoed of strangers is not for transport. */
const ECHO_CHARS = 4096;
/** Longest secret that a handshake may bring. */
const SECRET_CHARS = 512;

export function createPerformHandshake(parts: PerformHandshakeParts): PerformHandshake {
  return async (source, rules, handshake, request, nowMs, writes) => {
    const refused = (detail: string): HandshakeOutcome => ({
      kind: 'handshake_refused',
      handshake: handshake.name,
      detail,
    });
    // Before the action: a handshake that cannot be answered must change nothing.
    const answer = answerHandshake(handshake, request, {
      secrets: rules.verifier.secrets(),
      params: rules.params,
    });
    if (answer.kind === 'refused') return refused(answer.detail);
    if (!isSendable(answer.reply)) return refused('The challenge is too long, or cannot be echoed.');
    const obstacle = await act(parts, source, rules, handshake, request, nowMs, writes);
    if (obstacle !== null) return refused(obstacle);
    return { kind: 'handshake', handshake: handshake.name, reply: answer.reply };
  };
}

/** @returns what is wrong with the request, or null when it is done */
async function act(
  parts: PerformHandshakeParts,
  source: string,
  rules: SourceRules,
  { name, action }: Handshake,
  request: RequestView,
  nowMs: number,
  writes: HandshakeWrites | undefined,
): Promise<string | null> {
  switch (action?.kind) {
    case 'keep-secret': {
      const secret = textAt(action.from, request);
      if (secret === null || !isSecret(secret)) return 'The handshake brings no secret that could be kept.';
      const outcome = await rules.verifier.keep(secret, nowMs, writes?.keepSourceState);
      if (outcome === 'kept') parts.emit({ type: 'secret.kept', source, handshake: name });
      return outcome === 'other' ? 'The source has another secret already.' : null;
    }
    case 'confirm-subscription': {
      if (rules.params.topicArn === undefined) return 'The source names no topic (params.topicArn).';
      const url = textAt(action.url, request) ?? '';
      const outcome = await parts.beginConfirmation(source, url, nowMs, writes?.replaceSourceState);
      return outcome === 'begun' ? null : 'The URL to confirm with is not one of the provider.';
    }
    default:
      return null;
  }
}

function textAt(locator: Locator, request: RequestView): string | null {
  const reader = compileLocator(locator);
  return reader.ok ? reader.value.one(scopeOf(request, {})) : null;
}

/** Visible ASCII, as in headers: an operator could not distinguish other texts. */
function isSecret(text: string): boolean {
  return text.length <= SECRET_CHARS && /^[\x21-\x7e]+$/.test(text);
}

/** The answer repeats parts of the request, which must not become other headers. */
function isSendable({ headers, body }: HandshakeReply): boolean {
  return (
    body.length <= ECHO_CHARS &&
    Object.values(headers).every((value) => value.length <= ECHO_CHARS && /^[\t\x20-\x7e]*$/.test(value))
  );
}
