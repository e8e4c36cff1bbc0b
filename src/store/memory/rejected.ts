import type { AuditEntry } from '../../domain/audit.ts';
import { StoreError } from '../../domain/errors.ts';
import type { Verbs } from '../forward.ts';
import {
  type Method,
  type RejectedBounds,
  type RejectedPage,
  type RejectedRequest,
  type RejectedSummary,
  rejectedBytes,
  type TakeOutcome,
  type VerifiedAnswer,
  type VerifiedWrite,
} from '../store.ts';
import { isTaken, takenEntry } from '../take-rejected.ts';
import { appendAudit } from './audit.ts';
import { tallyCleanup } from './cleanups.ts';
import { insert } from './insert.ts';
import { sourceStateVerbs } from './source-state.ts';
import type { State } from './state.ts';

type Placed = Readonly<{ request: RejectedRequest; place: number }>;

/** @see RejectedStore.keepRejected */
function keepRejected(state: State, request: RejectedRequest, bounds: RejectedBounds): void {
  if (findPlaced(state, request.id) !== undefined) {
    throw new StoreError('STORE_INTERNAL', `the id ${request.id} of a rejected request is taken`);
  }
  if (!fits([request], bounds)) return;
  const kept = placedOf(state).filter((one) => one.request.source === request.source);
  while (!fits([...kept.map((one) => one.request), request], bounds)) {
    state.rejected[kept.shift()!.place] = null;
  }
  state.rejected.push(copyOf(request));
}

/** @see RejectedStore.listRejected. The cursor is the place of the page's last request. */
function listRejected(
  state: State,
  limit: number,
  before: string | null,
  source: string | null,
): RejectedPage {
  const older = placedOf(state)
    .filter(({ request }) => source === null || request.source === source)
    .filter(({ place }) => before === null || place < Number(before))
    .reverse();
  const page = older.slice(0, limit);
  return {
    requests: page.map(({ request }) => summaryOf(request)),
    next: older.length > limit ? String(page.at(-1)!.place) : null,
  };
}

/** @see RejectedStore.readRejected */
function readRejected(state: State, id: string): RejectedRequest | null {
  const found = findPlaced(state, id);
  return found === undefined ? null : copyOf(found.request);
}

/** @see RejectedStore.dropRejected */
function dropRejected(state: State, id: string, audit: AuditEntry): 'dropped' | 'unknown' {
  const found = findPlaced(state, id);
  if (found === undefined) return 'unknown';
  state.rejected[found.place] = null;
  appendAudit(state, audit);
  return 'dropped';
}

/** @see RejectedStore.takeRejected */
function takeRejected(state: State, id: string, write: VerifiedWrite, audit: AuditEntry): TakeOutcome {
  const found = findPlaced(state, id);
  if (found === undefined) return { kind: 'unknown' };
  const answer = perform(state, write);
  if (!isTaken(answer)) return { kind: 'left', answer };
  state.rejected[found.place] = null;
  appendAudit(state, takenEntry(audit, write, answer));
  return { kind: 'taken', answer };
}

function perform(state: State, { method, args }: VerifiedWrite): VerifiedAnswer {
  switch (method) {
    case 'insertEvent':
      return insert(state, ...args);
    case 'keepSourceState':
      return sourceStateVerbs.keepSourceState(state, ...args);
    case 'replaceSourceState':
      sourceStateVerbs.replaceSourceState(state, ...args);
      return undefined;
  }
}

/** @see RejectedStore.purgeRejected */
function purgeRejected(state: State, beforeMs: number, limit: number): number {
  const old = placedOf(state)
    .filter(({ request }) => request.receivedAtMs < beforeMs)
    .sort((a, b) => a.request.receivedAtMs - b.request.receivedAtMs || a.place - b.place)
    .slice(0, limit);
  for (const { place } of old) state.rejected[place] = null;
  tallyCleanup(state, 'rejected', old.length, []);
  return old.length;
}

function placedOf(state: State): Placed[] {
  return state.rejected.flatMap((request, place) => (request === null ? [] : [{ request, place }]));
}

function findPlaced(state: State, id: string): Placed | undefined {
  return placedOf(state).find(({ request }) => request.id === id);
}

function fits(requests: readonly RejectedRequest[], { maxRequests, maxBytes }: RejectedBounds): boolean {
  const bytes = requests.reduce((sum, request) => sum + rejectedBytes(request), 0);
  return requests.length <= maxRequests && bytes <= maxBytes;
}

/** A copy, so that the store shares its bytes with no caller. */
function copyOf(request: RejectedRequest): RejectedRequest {
  const body = request.body === null ? null : new Uint8Array(request.body);
  return { ...request, headers: [...request.headers], body };
}

function summaryOf({ headers: _headers, body: _body, ...summary }: RejectedRequest): RejectedSummary {
  return summary;
}

/** This file's verbs of the port. */
export const rejectedVerbs = {
  keepRejected,
  listRejected,
  readRejected,
  dropRejected,
  takeRejected,
  purgeRejected,
} satisfies Partial<Verbs<State, Method>>;
