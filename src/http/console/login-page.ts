import { type Html, html } from './html.ts';
import { notice } from './parts/parts.ts';

/** What a page for whoever has no session says besides. */
export type LoginSaying = Readonly<{
  /** Where to go on to. */
  to: string;
  /** The session cookie is Secure. */
  isSecure: boolean;
  /** Nobody has a token here: only a link opens a session. */
  takesLinksOnly: boolean;
  said: 'nothing' | 'wrong' | 'logged_out' | 'bad_code' | 'not_done';
}>;

/** The form that takes a token once. */
export function loginBody({ to, isSecure, takesLinksOnly, said }: LoginSaying): Html {
  return html`<h1>Log in</h1>
${SAYINGS[said]}
${takesLinksOnly ? LINKS_ONLY : loginForm(to)}
${isSecure ? html`<p class="muted">The session is kept in a cookie for https alone, because <code>PUBLIC_URL</code> is https. Over plain http a log-in does not last.</p>` : null}`;
}

function loginForm(to: string): Html {
  return html`<form method="post" action="/console/login" class="stacked">
<input type="hidden" name="to" value="${to}">
<label class="field"><span>Token</span>
<input name="token" type="password" autocomplete="current-password" required autofocus maxlength="4096"></label>
<button type="submit" class="primary">Log in</button>
</form>
<p class="muted">The <code>ADMIN_TOKEN</code>, or a token of your own. It is sent once; the browser then keeps a session of 12 hours.</p>`;
}

const LINKS_ONLY: Html = html`<p>No token is set, so this console opens only by the link that <code>npm start</code> printed in its terminal. The link works once, within five minutes. Start the receiver anew for another one, or set <code>ADMIN_TOKEN</code>.</p>`;

const SAYINGS: Readonly<Record<LoginSaying['said'], Html | null>> = {
  nothing: null,
  wrong: notice('bad', 'That is no token of this receiver.'),
  logged_out: notice(
    'info',
    html`You are logged out in this browser. To end all sessions of your token, on every machine, have the token rotated.`,
  ),
  not_done: notice('warn', 'The session was over: what you sent was not done. Log in, and send it again.'),
  bad_code: notice(
    'bad',
    'This link was used before, or it is older than five minutes. Ask for another one.',
  ),
};

/** Asks for a press of a button: whatever previews a link in a chat must not use it up. */
export function enterBody(): Html {
  return html`<h1>Open the console</h1>
<p>This link opens a session in this browser. It works once.</p>
<form method="post" action="/console/enter"><button type="submit" class="primary" autofocus>Open the console</button></form>`;
}
