import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import type { Login } from '../admin/login.ts';
import type { TokenHolder, Tokens } from '../admin/tokens.ts';
import { type Cookie, readCookie, writeCookie } from './cookie.ts';
import { readForm } from './form.ts';
import { enterBody, type LoginSaying, loginBody } from './login-page.ts';
import type { OneTimeCodes } from './one-time-codes.ts';
import { PageProblem } from './page.ts';
import { pageOf, pageWithForm } from './same-origin.ts';
import { openSession, sealSession } from './session.ts';
import { type Frame, renderBare } from './shell.ts';

export type EnterParts = Readonly<{
  tokens: () => Tokens;
  login: Login;
  codes: OneTimeCodes;
  clock: Clock;
  /** PUBLIC_URL is https. */
  isSecure: boolean;
  takesLinksOnly: boolean;
  frameOf: (request: FastifyRequest) => Frame;
}>;

const HTML = 'text/html; charset=utf-8';

/** Sessions of a surface: who has one, and the page for whoever has none. */
export type Sessions = Readonly<{
  holderOf(request: FastifyRequest): TokenHolder | null;
  /** Asks for a token, at the address that was asked for: a log-in goes on to it, or to the page with the form of an action. */
  ask(request: FastifyRequest, reply: FastifyReply): FastifyReply;
}>;

/** Logging in by a token or a one-time code, and out. */
export function registerEnter(console: FastifyInstance, parts: EnterParts): Sessions {
  const { tokens, login, codes, clock, isSecure, takesLinksOnly, frameOf } = parts;
  const session: Cookie = { isSecure, kind: 'session' };
  const code: Cookie = { isSecure, kind: 'code' };
  const show = (
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    more: Pick<LoginSaying, 'said' | 'to'>,
  ) =>
    reply
      .code(status)
      .type(HTML)
      .send(renderBare('Log in', loginBody({ isSecure, takesLinksOnly, ...more }), frameOf(request)));
  const open = (request: FastifyRequest, reply: FastifyReply, holder: TokenHolder, to: string) => {
    const sealed = sealSession(tokens(), holder, clock.nowMs());
    return reply.header('set-cookie', writeCookie(session, request.headers, sealed)).redirect(to, 303);
  };

  console.get<{ Querystring: { to?: string } }>('/console/login', (request, reply) =>
    show(request, reply, 200, { said: 'nothing', to: pageOf(toText(request.query.to)) }),
  );
  console.post('/console/login', async (request, reply) => {
    const form = await formOf(request, reply);
    if (form === null) return reply.hijack();
    const to = pageOf(form.to);
    const actor = await login.byToken(form.token ?? '', request.ip);
    return actor === null
      ? show(request, reply, 401, { said: 'wrong', to })
      : open(request, reply, actor, to);
  });
  console.post('/console/logout', (request, reply) =>
    reply.header('set-cookie', writeCookie(session, request.headers, null)).redirect('/console/logout', 303),
  );
  console.get('/console/logout', (request, reply) =>
    show(request, reply, 200, { said: 'logged_out', to: '/console' }),
  );

  console.get<{ Querystring: { code?: string } }>('/console/enter', (request, reply) => {
    const given = toText(request.query.code);
    if (given === undefined) {
      return reply.type(HTML).send(renderBare('Open the console', enterBody(), frameOf(request)));
    }
    // The address with the code is left at once, so that it is in no history and no Referer.
    const kept = /^[\w-]{1,64}$/.test(given) ? given : '';
    return reply
      .header('set-cookie', writeCookie(code, request.headers, kept))
      .redirect('/console/enter', 303);
  });
  console.post('/console/enter', async (request, reply) => {
    const holder = codes.redeem(readCookie(code, request.headers) ?? '');
    reply.header('set-cookie', writeCookie(code, request.headers, null));
    if (holder !== null && tokens().sessionsOf(holder.name) !== null) {
      return open(request, reply, holder, '/console');
    }
    await login.fail(request.ip, 'wrong');
    return show(request, reply, 401, { said: 'bad_code', to: '/console' });
  });

  return {
    holderOf({ headers }) {
      const sealed = readCookie(session, headers);
      return sealed === null ? null : openSession(tokens(), sealed, clock.nowMs());
    },
    ask: (request, reply) => show(request, reply, 401, sayingFor(request)),
  };
}

/** What was asked for goes on after the log-in; what was to be done has to be sent again. */
function sayingFor({ method, url }: FastifyRequest): Pick<LoginSaying, 'said' | 'to'> {
  const isSafe = method === 'GET' || method === 'HEAD';
  return isSafe ? { said: 'nothing', to: pageOf(url) } : { said: 'not_done', to: pageWithForm(url) };
}

async function formOf(request: FastifyRequest, reply: FastifyReply) {
  const read = await readForm(request.raw, reply.raw);
  if (read.kind === 'aborted') return null;
  if (read.kind === 'refused') throw new PageProblem(read.code, read.detail);
  return read.form;
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
