import type { SourceStateStore } from '../store/store.ts';
import { compileVerifier, type Verifier, type VerifierOptions } from '../verify/compile.ts';
import type { Verdict } from '../verify/outcome.ts';
import type { SignedRequest } from '../verify/read/signed-request.ts';
import { sameText } from '../verify/schemes/same-text.ts';

/** Another node may have kept a secret; a flood of wrong signatures must not become a flood of reads. */
const READ_EVERY_MS = 1_000;

type KeepState = SourceStateStore['keepSourceState'];

export type SourceVerifier = Readonly<{
  /** Synchronous unless keys have to be fetched, or a secret that another process kept has to be read. */
  verify(request: SignedRequest, nowMs: number): Verdict | Promise<Verdict>;
  /** The secrets in force. */
  secrets(): readonly string[];
  /**
   * Stores the secret of a handshake if the source has none yet: `kept`. `same`: the secret is in force already, `other`:
   * another one is.
   * @param write stores it, by default by itself
   */
  keep(secret: string, nowMs: number, write?: KeepState): Promise<'kept' | 'same' | 'other'>;
  /** Whether it would keep the next secret of a handshake. */
  awaitsSecret(): boolean;
  /** Reads the secret from the store again. */
  reload(nowMs: number): Promise<void>;
}>;

export type SourceVerifierParts = Readonly<{
  source: string;
  options: VerifierOptions;
  /** Entry of the source's state for the secret of a handshake; null where no handshake has one. */
  entry: string | null;
  store: Pick<SourceStateStore, 'readSourceState' | 'keepSourceState'>;
}>;

/**
 * Creates a verifier whose secret may come from the store.
 * @throws SchemeError for invalid options
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

/** A user's own schemes cannot be compiled without their secret; a provider's can wait for it. */
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
    async keep(secret, nowMs, write = store.keepSourceState) {
      if (kept !== null && !sameText(kept, secret) && isStale(nowMs)) await refresh(nowMs);
      if (kept === null) {
        if ((await write(source, entry, secret, nowMs)) === 'kept') {
          use(secret);
          return 'kept';
        }
        await refresh(nowMs);
      }
      return kept !== null && sameText(kept, secret) ? 'same' : 'other';
    },
    awaitsSecret: () => kept === null,
    async reload(nowMs) {
      // A read that is under way may have begun before the change.
      await reading?.catch(() => {});
      await refresh(nowMs);
    },
  };
}
