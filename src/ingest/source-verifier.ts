import type { SourceStateStore } from '../store/store.ts';
import { compileVerifier, type Verifier, type VerifierOptions } from '../verify/compile.ts';
import type { Verdict } from '../verify/outcome.ts';
import type { SignedRequest } from '../verify/read/signed-request.ts';
import { sameText } from '../verify/schemes/same-text.ts';

/** Another node may have kept a secret; a flood of wrong signatures must not become one of reads. */
const READ_EVERY_MS = 1_000;

export type SourceVerifier = Readonly<{
  /** Synchronous unless keys have to be fetched, or a secret that another process kept to be read. */
  verify(request: SignedRequest, nowMs: number): Verdict | Promise<Verdict>;
  /** Those in force. */
  secrets(): readonly string[];
  /**
   * Takes the secret of a handshake, durably, if the source has none yet: `kept`. `same`: it is in force already,
   * `other`: another one is.
   */
  keep(secret: string, nowMs: number): Promise<'kept' | 'same' | 'other'>;
  /** Whether it takes the next secret that a handshake brings. */
  awaitsSecret(): boolean;
  /** Goes by what the store has from now on. */
  reload(nowMs: number): Promise<void>;
}>;

export type SourceVerifierParts = Readonly<{
  source: string;
  options: VerifierOptions;
  /** Entry of the source's state for the secret that a handshake brings; null where none does. */
  entry: string | null;
  store: Pick<SourceStateStore, 'readSourceState' | 'keepSourceState'>;
}>;

/**
 * A verifier whose secret may come out of the store.
 * @throws SchemeError for options that no verifier can be made of
 */
export function createSourceVerifier(parts: SourceVerifierParts): SourceVerifier {
  const { options } = parts;
  const configured = options.secrets ?? [];
  if (parts.entry !== null && configured.length === 0) return createKeeper(parts, parts.entry);
  const verifier = compileVerifier(options);
  return {
    verify: (request, nowMs) => verifier.verify(request, nowMs),
    secrets: () => configured,
    keep: async (secret) => (configured.some((own) => sameText(own, secret)) ? 'same' : 'other'),
    awaitsSecret: () => false,
    reload: async () => {},
  };
}

/** Schemes of the user's own cannot be compiled without the secret that they need; a provider knows of its waiting. */
function compileWith(options: VerifierOptions, secret: string | null): Verifier {
  if (secret !== null) return compileVerifier({ ...options, secrets: [secret] });
  return options.provider === undefined ? { verify: () => NO_SECRET } : compileVerifier(options);
}

const NO_SECRET: Verdict = {
  ok: false,
  reason: 'no_secret',
  detail: 'There is no secret yet: no handshake has brought it.',
};

function createKeeper({ source, options, store }: SourceVerifierParts, entry: string): SourceVerifier {
  let verifier = compileWith(options, null);
  let kept: string | null = null;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<boolean> | null = null;

  const use = (secret: string | null) => {
    verifier = compileWith(options, secret);
    kept = secret;
  };
  const read = async (): Promise<boolean> => {
    const entries = await store.readSourceState(source);
    const secret = entries.find(({ name }) => name === entry)?.value ?? null;
    if (secret === kept) return false;
    use(secret);
    return true;
  };
  /** @returns whether the secret is another one now */
  const refresh = (nowMs: number): Promise<boolean> => {
    if (reading === null) {
      readAtMs = nowMs;
      reading = read().finally(() => {
        reading = null;
      });
    }
    return reading;
  };
  const isStale = (nowMs: number) =>
    reading !== null || nowMs - readAtMs >= READ_EVERY_MS || nowMs < readAtMs;

  const reconsider = async (verdict: Verdict, request: SignedRequest, nowMs: number): Promise<Verdict> =>
    (await refresh(nowMs)) ? verifier.verify(request, nowMs) : verdict;
  const judge = (verdict: Verdict, request: SignedRequest, nowMs: number) =>
    verdict.ok || !isStale(nowMs) ? verdict : reconsider(verdict, request, nowMs);

  return {
    verify(request, nowMs) {
      const verdict = verifier.verify(request, nowMs);
      if (verdict instanceof Promise) return verdict.then((settled) => judge(settled, request, nowMs));
      return judge(verdict, request, nowMs);
    },
    secrets: () => (kept === null ? [] : [kept]),
    async keep(secret, nowMs) {
      if (kept !== null && !sameText(kept, secret) && isStale(nowMs)) await refresh(nowMs);
      if (kept === null) {
        if ((await store.keepSourceState(source, entry, secret, nowMs)) === 'kept') {
          use(secret);
          return 'kept';
        }
        await refresh(nowMs);
      }
      return kept !== null && sameText(kept, secret) ? 'same' : 'other';
    },
    awaitsSecret: () => kept === null,
    async reload(nowMs) {
      // A reading that is under way may have begun before the change.
      await reading?.catch(() => {});
      await refresh(nowMs);
    },
  };
}
