import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

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

/** Whether the account may search every folder on the way to a file. */
export function canReach(account: Account, file: string): boolean {
  const folder = dirname(file);
  if (folder === file) return true;
  const { mode, uid, gid } = statSync(folder);
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
  return ((mode >> shift) & 1) === 1 && canReach(account, folder);
}

/** Makes a copy of a folder, readable for all, of hard links where the file system allows. */
export function linkTree(from: string, to: string): void {
  mkdirSync(to);
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkOrCopy(source, target);
  }
}

function linkOrCopy(source: string, target: string): void {
  const { mode } = statSync(source);
  try {
    if ((mode & 0o004) === 0) throw new Error('not readable for all');
    linkSync(source, target);
  } catch {
    // Another file system, or one without hard links, or a file that its owner alone may read.
    copyFileSync(source, target);
    chmodSync(target, (mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
