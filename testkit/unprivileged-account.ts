import { readFileSync } from 'node:fs';

export type Account = Readonly<{ uid: number; gid: number }>;

/** Some servers refuse to run as root, so root hands them to an account without rights; null for anybody else. */
export function unprivilegedAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = ['postgres', 'nobody'].map((name) => accounts.find((each) => each[0] === name)).find(Boolean);
  if (found === undefined)
    throw new Error('root cannot run this server, and there is no account to run it as');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}
