import type { ReceiverEvent } from '../events.ts';
import type { HandshakeReply } from '../verify/handshake.ts';

/** What happened, by the answer: a provider may have a form of its own for a no. */
export function handshakeEvent(source: string, handshake: string, { status }: HandshakeReply): ReceiverEvent {
  if (status < 400) return { type: 'handshake.answered', source, handshake };
  return { type: 'handshake.refused', source, handshake, detail: `It was answered ${status}.` };
}
