import { type ProviderApi, ReconcileError } from './provider-api.ts';
import { asText, contradiction, isObject, readAnswer } from './read-answer.ts';

/** A delivery of a webhook, as GitHub lists it. Attempts of the same event share its `guid`. */
export type GithubDelivery = Readonly<{
  id: string;
  guid: string;
  event: string;
  deliveredMs: number;
  isRedelivery: boolean;
  /** The receiver answered 2xx. */
  isTaken: boolean;
}>;

export type GithubPage = Readonly<{ deliveries: readonly GithubDelivery[]; next: string | null }>;

const PAGE = 100;
const GITHUB = 'GitHub';

const HOOK = /^([\w.-]+)(?:\/([\w.-]+))?\/(\d+)$/;

export const HOOK_TAKES = 'a webhook of GitHub as OWNER/REPO/ID, or ORG/ID';

/** The path of a webhook of a repository, or of an organization; null for a text that names none. */
export function hookPath(hook: string): string | null {
  const [, owner, repo, id] = HOOK.exec(hook) ?? [];
  if (owner === undefined || [owner, repo].some((name) => name === '.' || name === '..')) return null;
  return repo === undefined ? `/orgs/${owner}/hooks/${id}` : `/repos/${owner}/${repo}/hooks/${id}`;
}

/**
 * Reads a page of the deliveries of a webhook, newest first. The link to the next page is not followed: its cursor is
 * asked for at the host that has the key.
 * @throws ReconcileError
 */
export async function readGithubPage(
  api: ProviderApi,
  path: string,
  cursor: string | null,
): Promise<GithubPage> {
  const query = new URLSearchParams({ per_page: String(PAGE), ...(cursor !== null && { cursor }) });
  const { headers, text } = await api.get(`${path}/deliveries?${query}`);
  const answer = readAnswer(GITHUB, text);
  if (!Array.isArray(answer)) throw new ReconcileError('GitHub answered what is no list of deliveries');
  const next = nextCursor(headers.get('link') ?? '');
  if (next !== null && next === cursor) contradiction(GITHUB, 'the next page of a page is itself');
  return { deliveries: answer.map(readDelivery), next };
}

/** Asks for a delivery again. @returns false if GitHub does not have it any more */
export async function redeliver(api: ProviderApi, path: string, id: string): Promise<boolean> {
  const { status } = await api.post(`${path}/deliveries/${id}/attempts`);
  return status >= 200 && status <= 299;
}

function nextCursor(link: string): string | null {
  const [, url = null] = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(link) ?? [];
  return url === null ? null : (URL.parse(url, 'https://github.invalid')?.searchParams.get('cursor') ?? null);
}

function readDelivery(value: unknown): GithubDelivery {
  const { id, guid, event, delivered_at: at, redelivery, status_code: status } = isObject(value) ? value : {};
  const idText = asText(id);
  const deliveredMs = Date.parse(typeof at === 'string' ? at : '');
  if (
    !/^\d{1,20}$/.test(idText ?? '') ||
    typeof guid !== 'string' ||
    guid === '' ||
    Number.isNaN(deliveredMs)
  ) {
    throw new ReconcileError('GitHub lists what is no delivery');
  }
  return {
    id: idText!,
    guid,
    event: typeof event === 'string' ? event : '',
    deliveredMs,
    isRedelivery: redelivery === true,
    isTaken: typeof status === 'number' && status >= 200 && status <= 299,
  };
}
