import type { IdGenerator } from '../runtime/ids.ts';
import type { Provider } from '../verify/provider.ts';
import { findProvider } from '../verify/providers/index.ts';
import { SchemeError } from '../verify/scheme-error.ts';
import { makeSample } from '../verify/sign/sample-event.ts';
import { signWebhook } from '../verify/sign/sign.ts';
import type { SourceRules } from './open-source.ts';
import type { RawRequest } from './raw-request.ts';
import type { SourceConfig, Verification } from './source-config.ts';

export type SignedSample =
  | Readonly<{ kind: 'signed'; request: RawRequest }>
  | Readonly<{ kind: 'unsigned'; detail: string }>;

/** What the provider of a source would send, signed with each of the source's secrets in turn. */
export function* signSample(
  { name, verification }: SourceConfig,
  { publicUrl }: SourceRules,
  nowMs: number,
  newId: IdGenerator,
): Generator<SignedSample> {
  const { provider, schemes, secrets, params } = verification!;
  const sample = makeSample(declarationOf(verification!), {
    ...{ eventType: null, body: null, nowMs },
    uuid: newId(nowMs),
  });
  const path = `/webhooks/${name}`;
  const plain: RawRequest = {
    ...{ method: 'POST', url: path, body: sample.body },
    headers: Object.entries(sample.headers).flat(),
    contentType: sample.headers['content-type'] ?? '',
  };
  for (const secret of secrets.length === 0 ? [undefined] : secrets) {
    try {
      const { method, url, headers, body } = signWebhook({
        provider: schemes ?? provider!,
        ...(secret !== undefined && { secret }),
        ...{ params, url: publicUrl(plain), body: plain.body, headers: [...plain.headers], nowMs, newId },
      });
      // Some schemes add to the query of the URL that they sign.
      const request = { ...plain, method, url: `${path}${new URL(url).search}`, headers, body };
      yield { kind: 'signed', request };
    } catch (error) {
      if (!(error instanceof SchemeError)) throw error;
      yield { kind: 'unsigned', detail: `Only the provider can sign for this source: ${error.message}.` };
    }
  }
}

/** Of schemes of the user's own nothing says what an event looks like. */
function declarationOf({ provider }: Verification): Provider {
  return (provider === null ? null : findProvider(provider)) ?? NO_PROVIDER;
}

const NO_PROVIDER: Provider = {
  ...{ id: 'own', name: 'own', family: 'body', needs: [], schemes: [] },
  ...{ idempotencyKey: [], eventType: [] },
};
