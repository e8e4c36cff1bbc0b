import type { Actor } from '../../domain/audit.ts';
import { mayActAs } from '../../domain/role.ts';
import type { FieldError } from '../../ingest/envelope.ts';
import { ADMIN_ACCESS, type EndpointName } from '../admin/access.ts';
import type { ProblemCode } from '../problem.ts';
import type { Answers } from './answers.ts';
import type { Form } from './form.ts';
import type { Html } from './html.ts';
import type { DrawTree } from './parts/draw-tree.ts';

/** What a page asks an endpoint with. */
export type Question = Readonly<{
  params?: Readonly<Record<string, string>>;
  /** What is undefined or empty is left out. */
  query?: Readonly<Record<string, string | undefined>>;
  body?: object;
}>;

/** A request for a page: whoever sent it has a session. */
export type PageRequest = Readonly<{
  actor: Actor;
  nowMs: number;
  /** Path and query. */
  url: string;
  params: Readonly<Record<string, string>>;
  query: Form;
  /** The receiver's URL without a path, as far as it is known here. */
  ownUrl: string;
  /**
   * Calls an endpoint in the name of the actor, as a request would: with its role, its shapes and its row of the audit.
   * @throws PageProblem for what the endpoint refuses, and for a read that takes longer than a reader waits
   */
  ask<Name extends keyof Answers>(name: Name, question?: Question): Promise<Answers[Name]>;
  /** The same, where a page has something to show without the answer: null, and the page says what is not known. */
  askIfThere<Name extends keyof Answers>(name: Name, question?: Question): Promise<Answers[Name] | null>;
  drawTree: DrawTree;
}>;

export type ActionRequest = PageRequest & Readonly<{ form: Form; all: URLSearchParams }>;

/** Where a page is found in the navigation. */
export const PLACES = [
  'overview',
  'alerts',
  'events',
  'failures',
  'destinations',
  'sources',
  'rejected',
  'blocked',
  'operations',
  'audit',
  'settings',
] as const;
export type Place = (typeof PLACES)[number];

export type View = Readonly<{
  /** Of the document: what is shown, without the name of the program. */
  title: string;
  body: Html;
  status?: number;
}>;

/** Bytes to be saved in a file. */
export type Download = Readonly<{ fileName: string; bytes: Uint8Array }>;

/** A page, by its path. */
export type Page = Readonly<{
  path: string;
  place: Place | null;
  show(request: PageRequest): Promise<View | Download>;
}>;

/** What became of an action: the page to go on to, and a word of DONE for what was done. */
export type Outcome = Readonly<{ goTo: string; done: Done }> | View | Download;

/** A form's target, by its path. */
export type Action = Readonly<{ path: string; place: Place; act(request: ActionRequest): Promise<Outcome> }>;

/** Pages of one subject, and what can be done on them. */
export type Section = Readonly<{ pages: readonly Page[]; actions: readonly Action[] }>;

/** What an action tells on the page that it leads to. */
export const DONE = {
  replayed: 'Replayed: the new delivery is pending.',
  held: 'Held: it gets no more deliveries, and what is accepted waits.',
  resumed: 'Resumed: it gets deliveries again.',
  limited: 'The rate is in force.',
  unlimited: 'The override is gone: the configured rate is in force.',
  released: 'Released: the next delivery of the key goes on. The failed one stays a dead letter.',
  reverified: 'Verified: the request is an event now.',
  known: 'Verified: the event was known already, and nothing was stored a second time.',
  planned: 'Planned: nothing has changed yet. Look at what it selects, and run it.',
  started: 'Started.',
  cancelled: 'Cancelled: the rest is left as it is.',
  taking_back: 'What was never tried is being taken back.',
  acked: 'Acknowledged: everybody sees that you take care of it.',
  tested: 'Sent: the test is an event of its own, for this destination alone.',
  erased: 'Erased: nothing of what came with it is kept.',
  dropped: 'Dropped: the handshake can be done again.',
  answered: 'Verified: it was a handshake, and its action is done.',
} as const;
export type Done = keyof typeof DONE;

/** What a page cannot do or show. */
export class PageProblem extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[];

  constructor(code: ProblemCode, detail: string, errors: readonly FieldError[] = []) {
    super(detail);
    this.code = code;
    this.errors = errors;
  }
}

/** Whether the actor's role allows an endpoint. */
export function may({ role }: Actor, name: EndpointName): boolean {
  return role !== 'system' && mayActAs(role, ADMIN_ACCESS[name].role);
}

/** Some fields of a query, for a question. */
export function pick(query: Form, ...names: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(names.map((name) => [name, query[name]]));
}
