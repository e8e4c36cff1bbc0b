import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import type { Verdict } from '../outcome.ts';
import { refuse } from './compiled-scheme.ts';
import type { FetchText } from './fetch-keys.ts';
import { createKeyCache, unavailable } from './key-cache.ts';

/** What a certificate of a provider must be. */
export type CertificateRule = Readonly<{
  host: RegExp;
  path?: RegExp;
  /** Of the subject's common name. */
  name: RegExp;
  /**
   * Whether a fetched certificate must chain to a root: `required`, or `as-given` where the provider's file has the leaf
   * alone. Then each issuer in the file must be valid, and the pinned https host vouches for the rest.
   */
  chain: 'required' | 'as-given';
}>;

export type CertificateSource = (
  url: string,
  nowMs: number,
) => Promise<
  Readonly<{ ok: true; certificate: X509Certificate }> | Readonly<{ ok: false; verdict: Verdict }>
>;

/** Certificates by URL: given, or fetched, checked and cached for an hour. */
export function createCertificateSource(
  rule: CertificateRule,
  certs: Readonly<Record<string, string>> | null,
  fetchText: FetchText,
): CertificateSource {
  const cache = createKeyCache({ load: async (url) => parseChain(await fetchText(url)) });
  const load = (url: string, nowMs: number): Promise<readonly X509Certificate[]> => {
    if (certs === null) return cache.get(url, nowMs);
    return Promise.resolve(Object.hasOwn(certs, url) ? parseChain(certs[url]!) : []);
  };
  return async (url, nowMs) => {
    if (!isPinned(url, rule)) return wrong('The URL of the certificate is not one of the provider.');
    let chain: readonly X509Certificate[];
    try {
      chain = await load(url, nowMs);
    } catch (error) {
      return certs === null
        ? { ok: false, verdict: unavailable(error) }
        : wrong('The given certificate is no PEM.');
    }
    const problem = judgeCertificate(chain, rule, nowMs, certs === null);
    return problem === null ? { ok: true, certificate: chain[0]! } : wrong(problem);
  };
}

function wrong(detail: string): { ok: false; verdict: Verdict } {
  return { ok: false, verdict: refuse('wrong_certificate', detail) };
}

/** Anyone can name a certificate of their own, so only the provider's hosts are trusted. */
export function isPinned(text: string, { host, path }: Pick<CertificateRule, 'host' | 'path'>): boolean {
  const url = URL.parse(text);
  if (url === null || url.protocol !== 'https:' || url.port !== '') return false;
  if (url.username !== '' || url.password !== '') return false;
  return host.test(url.hostname) && (path === undefined || path.test(url.pathname));
}

const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const MOST_CERTIFICATES = 10;

function parseChain(text: string): readonly X509Certificate[] {
  const pems = text.match(PEM);
  if (pems === null) throw new TypeError('the answer has no certificate');
  return pems.slice(0, MOST_CERTIFICATES).map((pem) => new X509Certificate(pem));
}

function judgeCertificate(
  chain: readonly X509Certificate[],
  rule: CertificateRule,
  nowMs: number,
  isFetched: boolean,
): string | null {
  const leaf = chain[0];
  if (leaf === undefined) return 'There is no such certificate.';
  const name = /^CN=(.*)$/m.exec(leaf.subject)?.[1] ?? '';
  if (!rule.name.test(name)) return "The certificate's subject is not the provider.";
  if (leaf.publicKey.asymmetricKeyType !== 'rsa') return "The certificate's key is not RSA.";
  if (leaf.validToDate.getTime() < nowMs) return 'The certificate has expired.';
  return isFetched ? judgeChain(chain, rule, nowMs) : null;
}

function judgeChain(chain: readonly X509Certificate[], rule: CertificateRule, nowMs: number): string | null {
  const rest = new Set(chain.slice(1));
  let current = chain[0]!;
  for (let depth = 0; depth <= MOST_CERTIFICATES; depth++) {
    if (!isInForce(current, nowMs)) return 'A certificate of the chain is not in force.';
    if (roots().some((root) => isIssuer(root, current) && isInForce(root, nowMs))) return null;
    const issuer = [...rest].find((candidate) => isIssuer(candidate, current));
    if (issuer === undefined) break;
    rest.delete(issuer);
    current = issuer;
  }
  return rule.chain === 'as-given' && rest.size === 0
    ? null
    : 'The chain of the certificate leads to no known root.';
}

function isIssuer(issuer: X509Certificate, of: X509Certificate): boolean {
  return issuer.subject === of.issuer && issuer.ca && of.checkIssued(issuer) && of.verify(issuer.publicKey);
}

function isInForce(certificate: X509Certificate, nowMs: number): boolean {
  return certificate.validFromDate.getTime() <= nowMs && nowMs <= certificate.validToDate.getTime();
}

let parsedRoots: readonly X509Certificate[] | null = null;

/** Parsed on first use: it takes a while, and most receivers never need them. */
function roots(): readonly X509Certificate[] {
  parsedRoots ??= rootCertificates.map((pem) => new X509Certificate(pem));
  return parsedRoots;
}
