import {
  compileVerifier,
  PROVIDERS,
  type Provider,
  type SignedRequest,
  signWebhook,
  type Verifier,
} from '../../src/verify/index.ts';
import { say } from '../support/say.ts';
import { spread } from '../support/stats.ts';
import { fixed, type Table, verdict } from '../support/table.ts';
import type { Setting } from './setting.ts';

const GOAL_US = 60;
const BODY_BYTES = 10_000;
const WARM_UP_CALLS = 2_000;
const CALLS = 2_000;
const NOW_MS = 1_760_000_000_000;
const URL = 'https://hooks.example.com/webhooks/bench';

type Case = Readonly<{ provider: Provider; verifier: Verifier; request: SignedRequest }>;

/** What it costs to verify a request with a body of 10 kB, for each provider that signs with an HMAC. */
export async function measureVerification(setting: Setting): Promise<Table> {
  const cases = PROVIDERS.filter(signsWithHmac).map(toCase);
  const costs = new Map<string, number[]>();
  for (let round = 0; round < setting.rounds; round += 1) {
    for (const each of round % 2 === 0 ? cases : cases.toReversed()) {
      const { id } = each.provider;
      costs.set(id, [...(costs.get(id) ?? []), microsecondsOf(each)]);
    }
    say(`  round ${round + 1}/${setting.rounds}`);
  }
  return tabulate(cases, costs);
}

/** Those whose bodies are free in size and form; signatures that lie inside the body are about a few fields only. */
function signsWithHmac({ family, schemes, sample }: Provider): boolean {
  const isFree = family === 'body' || family === 'timestamp-in-signature' || family === 'timestamp-beside';
  return isFree && schemes.every(({ alg }) => alg === 'hmac') && typeof sample?.body === 'object';
}

function toCase(provider: Provider): Case {
  const secret = secretFor(provider);
  const body = Buffer.from(
    JSON.stringify({ ...(provider.sample!.body as object), filler: 'x'.repeat(BODY_BYTES) }),
  );
  const signed = signWebhook({
    provider: provider.id,
    secret,
    params: {},
    url: URL,
    body,
    headers: [],
    nowMs: NOW_MS,
    newId: () => 'msg_2b1JuAUaKCzsJvUWQdiPqCGMM1k',
  });
  const request = { ...signed, headers: signed.headers.flat() };
  const verifier = compileVerifier({ provider: provider.id, secrets: [secret], params: {} });
  const outcome = verifier.verify(request, NOW_MS);
  if (outcome instanceof Promise || !outcome.ok) {
    throw new Error(`${provider.id}: what was signed is not verified: ${JSON.stringify(outcome)}`);
  }
  return { provider, verifier, request };
}

/** Some decode their secret: 32 bytes that are fine as base64, as hex and as text. */
function secretFor({ schemes }: Provider): string {
  const [scheme] = schemes;
  const key = scheme?.alg === 'hmac' ? scheme.key : undefined;
  const prefix = key?.strip ?? '';
  return key?.enc === 'base64'
    ? `${prefix}${Buffer.alloc(32, 7).toString('base64')}`
    : `${prefix}${'ab'.repeat(32)}`;
}

function microsecondsOf({ verifier, request }: Case): number {
  repeat(verifier, request, WARM_UP_CALLS);
  const startedMs = performance.now();
  repeat(verifier, request, CALLS);
  return ((performance.now() - startedMs) * 1e3) / CALLS;
}

function repeat(verifier: Verifier, request: SignedRequest, calls: number): void {
  for (let call = 0; call < calls; call += 1) {
    // A new object each time, as a real request is: nothing that was read of the last one may help.
    verifier.verify({ ...request }, NOW_MS);
  }
}

function tabulate(cases: readonly Case[], costs: ReadonlyMap<string, readonly number[]>): Table {
  const rows = cases.map(({ provider }) => {
    const cost = spread(costs.get(provider.id)!);
    return [
      provider.name,
      `${fixed(cost.median, 1)}`,
      `${fixed(cost.min, 1)}..${fixed(cost.max, 1)}`,
      `< ${GOAL_US}: ${verdict(cost, (us) => us < GOAL_US)}`,
    ];
  });
  return {
    title: 'Verification of a body of 10 kB',
    columns: ['provider', 'µs', 'min..max', 'goal'],
    rows,
    notes: [`mean of ${CALLS} calls after ${WARM_UP_CALLS}, in one process; median over the rounds`],
  };
}
