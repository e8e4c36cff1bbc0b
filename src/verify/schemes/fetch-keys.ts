const TIMEOUT_MS = 5000;
const MOST_BYTES = 256 * 1024;

export type FetchInit = Readonly<{
  method?: 'GET' | 'POST';
  headers?: Readonly<Record<string, string>>;
  body?: string;
}>;

/** Fetches a text. @throws FetchError when there is none: `status` if a server said so */
export type FetchText = (url: string, init?: FetchInit) => Promise<string>;

export class FetchError extends Error {
  override readonly name = 'FetchError';
  readonly code = 'FETCH_FAILED';
  /** Of the answer; null if none came. */
  readonly status: number | null;
  constructor(message: string, status: number | null, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/**
 * Fetches over https only, from the usual port, without redirects, within five seconds and 256 KiB. Which hosts may be
 * asked is the scheme's business: it checks the URL before.
 */
export const guardedFetch: FetchText = async (url, init = {}) => {
  const { protocol, host, port, username, password } = new URL(url);
  if (protocol !== 'https:' || port !== '' || username !== '' || password !== '') {
    throw new FetchError(`keys are fetched by https from the usual port only, not from ${host}`, null);
  }
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    // A redirect would lead away from the host that was checked.
    const response = await fetch(url, { ...init, redirect: 'error', signal });
    if (!response.ok) {
      await response.body?.cancel();
      throw new FetchError(`${host} answered ${response.status}`, response.status);
    }
    return await readBounded(response, host);
  } catch (error) {
    if (error instanceof FetchError) throw error;
    throw new FetchError(`${host} could not be reached`, null, { cause: error });
  }
};

async function readBounded(response: Response, host: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new FetchError(`${host} answered more than ${MOST_BYTES} bytes`, null);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
