import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../../runtime/clock.ts';
import { ClientError } from './client-error.ts';

export type Connect = (signal: AbortSignal) => Promise<Socket>;

/**
 * Makes a function that opens connections to the URL's origin, each after a new look-up of its name. TLS sessions are
 * resumed. The function rejects with the socket's error, with the signal's reason, or with ERR_CONNECT_TIMEOUT.
 */
export function createConnect(url: URL, clock: Clock, timeoutMs: number): Connect {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isTls = url.protocol === 'https:';
  const port = Number(url.port) || (isTls ? 443 : 80);
  const servername = isIP(host) === 0 ? host : '';
  let session: Buffer | undefined;

  const openSocket = (): Socket => {
    if (!isTls) return connectTcp({ host, port, noDelay: true });
    // HTTP/2 would change the casing of the headers.
    const ALPNProtocols = ['http/1.1'];
    const socket = connectTls({ host, port, servername, ALPNProtocols, ...(session && { session }) });
    socket.setNoDelay(true);
    return socket.on('session', (latest) => {
      session = latest;
    });
  };
  return (signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const socket = openSocket();
      const settle = () => {
        stopTimer();
        signal.removeEventListener('abort', onAbort);
        socket.off('error', fail).off('close', onClose);
      };
      const fail = (error: unknown) => {
        settle();
        // A socket that is destroyed while it connects may still emit an error.
        socket.on('error', () => {}).destroy();
        reject(error);
      };
      const onClose = () => fail(new ClientError('ERR_CONNECTION_CLOSED'));
      const onAbort = () => fail(signal.reason);
      const stopTimer = clock.after(timeoutMs, () => fail(new ClientError('ERR_CONNECT_TIMEOUT')));
      signal.addEventListener('abort', onAbort, { once: true });
      socket.once('error', fail).once('close', onClose);
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        settle();
        resolve(socket);
      });
    });
}
