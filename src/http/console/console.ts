import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../../domain/audit.ts';
import { StoreError } from '../../domain/errors.ts';
import type { Emit } from '../../events.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { CallEndpoint } from '../admin/endpoint.ts';
import type { Login } from '../admin/login.ts';
import type { Tokens } from '../admin/tokens.ts';
import { createAsk, problemOf } from './ask.ts';
import { type Assets, readAssets, registerAssets } from './assets.ts';
import { registerEnter, type Sessions } from './enter.ts';
import { type Form, firstOf, readForm } from './form.ts';
import { createLiveFeed, type LiveParts } from './live-numbers.ts';
import { registerLiveStream } from './live-stream.ts';
import type { OneTimeCodes } from './one-time-codes.ts';
import {
  type Action,
  type Download,
  type Page,
  PageProblem,
  type PageRequest,
  type Place,
  type View,
} from './page.ts';
import { createDrawTree } from './parts/draw-tree.ts';
import { problemBody, problemView } from './problem-page.ts';
import { isLoopback, isSameOrigin } from './same-origin.ts';
import { SECTIONS } from './sections.ts';
import { type Frame, renderBare, renderPage } from './shell.ts';

export type ConsoleParts = LiveParts &
  Readonly<{
    call: CallEndpoint;
    tokens: () => Tokens;
    login: Login;
    codes: OneTimeCodes;
    clock: Clock;
    emit: Emit;
    /** The receiver's URL as senders see it, or null. */
    publicUrl: string | null;
    /** The listener is that of one terminal: its host has to be this machine, and only a link opens a session. */
    isOfTerminal: boolean;
  }>;

const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const PLACES: ReadonlySet<Place | null> = new Set(
  SECTIONS.flatMap(({ pages }) => pages.map(({ place }) => place)),
);

/** The pages for operators, under /console. */
export function registerConsole(api: FastifyInstance, parts: ConsoleParts): void {
  const assets = readAssets();
  registerAssets(api, assets);
  api.register(async (console) => {
    const frameOf = (request: FastifyRequest) => toFrame(request, assets, parts.clock);
    console.addHook('onRequest', async (request, reply) => {
      if (parts.tokens().isEmpty) return reply.callNotFound();
      reply.headers(HEADERS);
      const refusal = refuseForeign(request, parts);
      if (refusal !== null) throw refusal;
      const [, page, query = ''] = /^(\/console[^?]*?)\/+(\?.*)?$/.exec(request.url) ?? [];
      // People write a slash at the end of what they type.
      if (page !== undefined && request.method === 'GET') return reply.redirect(`${page}${query}`, 308);
    });
    const isSecure = !parts.isOfTerminal && (parts.publicUrl?.startsWith('https:') ?? false);
    const sessions = registerEnter(console, {
      ...parts,
      isSecure,
      frameOf,
      takesLinksOnly: parts.isOfTerminal,
    });
    registerLiveStream(console, createLiveFeed(parts), sessions);
    const routes = createRoutes(console, parts, sessions, frameOf);
    for (const { pages, actions } of SECTIONS) {
      for (const page of pages) routes.addPage(page);
      for (const action of actions) routes.addAction(action);
    }
    routes.addPage({ path: '/console/*', place: null, show: showNothing });
    console.setErrorHandler((error, request, reply) => {
      const problem = problemOf(error, error instanceof StoreError);
      if (problem.code === 'internal') {
        const message = `${request.method} ${request.routeOptions.url} failed`;
        parts.emit({ type: 'receiver.failed', message, error: error as Error });
      }
      const { status } = problemView(problem);
      return reply
        .code(status!)
        .type('text/html; charset=utf-8')
        .send(renderBare('Problem', problemBody(problem), frameOf(request)));
    });
  });
}

async function showNothing(): Promise<View> {
  throw new PageProblem('not_found', 'No page of the console has this address.');
}

/** What is no request of the console's own pages. */
function refuseForeign(
  { method, headers }: FastifyRequest,
  { isOfTerminal, publicUrl }: ConsoleParts,
): PageProblem | null {
  if (isOfTerminal && !isLoopback(headers.host)) {
    return new PageProblem('forbidden', 'This console answers to localhost alone.');
  }
  const isSafe = method === 'GET' || method === 'HEAD';
  if (isSafe || isSameOrigin(headers, isOfTerminal ? null : publicUrl)) return null;
  return new PageProblem(
    'forbidden',
    'Only the pages of the console may send this, and this came from elsewhere.',
  );
}

function toFrame(request: FastifyRequest, assets: Assets, clock: Clock): Frame {
  const tellsSite = request.headers['sec-fetch-site'] !== undefined;
  return { assets, nowMs: clock.nowMs(), tellsSite };
}

function createRoutes(
  console: FastifyInstance,
  parts: ConsoleParts,
  sessions: Sessions,
  frameOf: (request: FastifyRequest) => Frame,
) {
  const drawTree = createDrawTree(parts.clock);
  const requestOf = (request: FastifyRequest, actor: Actor): PageRequest => ({
    actor,
    nowMs: parts.clock.nowMs(),
    url: request.url,
    params: request.params as PageRequest['params'],
    query: queryOf(request.url),
    ownUrl: parts.publicUrl ?? `http://${request.headers.host ?? 'localhost'}`,
    ...createAsk(parts, actor),
    drawTree,
  });
  const send = (
    request: FastifyRequest,
    reply: FastifyReply,
    actor: Actor,
    place: Place | null,
    view: View,
  ) =>
    reply
      .code(view.status ?? 200)
      .type('text/html; charset=utf-8')
      .send(
        renderPage(view, { ...frameOf(request), actor, query: queryOf(request.url), place, places: PLACES }),
      );
  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    place: Place | null,
    make: (asked: PageRequest) => Promise<View | Download | FastifyReply>,
  ) => {
    const holder = sessions.holderOf(request);
    if (holder === null) return sessions.ask(request, reply);
    const actor = { ...holder, address: request.ip };
    try {
      const made = await make(requestOf(request, actor));
      if ('fileName' in made) return sendFile(reply, made);
      return 'body' in made ? send(request, reply, actor, place, made) : made;
    } catch (error) {
      const isOfStore = error instanceof StoreError;
      if (!isOfStore && !(error instanceof PageProblem)) throw error;
      return send(request, reply, actor, place, problemView(problemOf(error, isOfStore)));
    }
  };
  return {
    addPage: ({ path, place, show }: Page) =>
      console.get(path, (request, reply) => answer(request, reply, place, show)),
    addAction: ({ path, place, act }: Action) =>
      console.post(path, (request, reply) =>
        answer(request, reply, place, async (asked) => {
          const read = await readForm(request.raw, reply.raw);
          if (read.kind === 'aborted') return reply.hijack();
          if (read.kind === 'refused') throw new PageProblem(read.code, read.detail);
          const outcome = await act({ ...asked, ...read });
          return 'goTo' in outcome ? reply.redirect(withDone(outcome), 303) : outcome;
        }),
      ),
  };
}

function sendFile(reply: FastifyReply, { fileName, bytes }: Download): FastifyReply {
  return reply
    .header('content-disposition', `attachment; filename="${fileName}"`)
    .type('application/octet-stream')
    .send(Buffer.from(bytes));
}

function withDone({ goTo, done }: Readonly<{ goTo: string; done: string }>): string {
  const url = new URL(goTo, 'http://console');
  url.searchParams.set('done', done);
  return `${url.pathname}${url.search}${url.hash}`;
}

function queryOf(url: string): Form {
  const at = url.indexOf('?');
  return firstOf(new URLSearchParams(at === -1 ? '' : url.slice(at + 1)));
}
