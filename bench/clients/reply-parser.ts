export type Reply = Readonly<{ status: number; body: string }>;

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const STATUS = /^HTTP\/1\.1 (\d{3})/;
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/** Reads one reply from the front of the bytes; null while it is incomplete. Only replies that state a length. */
export function parseReply(bytes: Buffer): Readonly<{ reply: Reply; length: number }> | null {
  const headEnd = bytes.indexOf(END_OF_HEAD);
  if (headEnd === -1) return null;
  const head = bytes.toString('latin1', 0, headEnd);
  const status = STATUS.exec(head)?.[1];
  const contentLength = LENGTH.exec(head)?.[1];
  if (status === undefined || contentLength === undefined) throw new Error(`cannot read the reply: ${head}`);
  const bodyStart = headEnd + END_OF_HEAD.length;
  const length = bodyStart + Number(contentLength);
  if (bytes.length < length) return null;
  return { reply: { status: Number(status), body: bytes.toString('utf8', bodyStart, length) }, length };
}
