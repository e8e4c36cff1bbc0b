import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Env } from '../../../testkit/receiver-process.ts';
import { createTempDir } from '../../../testkit/temp-dir.ts';

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';

/** Why a test with wrong clocks has to be left out, or false. */
export const skipWithoutFaketime = existsSync(FAKETIME)
  ? false
  : 'libfaketime is not installed (apt-get install faketime)';

/** The clocks of nodes: what each is wrong by, as libfaketime writes it, first and after each step. */
export type WrongClocks = Readonly<Record<string, readonly string[]>>;

export type Clocks = Readonly<{
  names: readonly string[];
  /** The environment in which a node has its clock. */
  envOf(name: string): Env;
  /** Sets all clocks to their next value, in the running processes too; after the last one to the first. */
  step(): Promise<void>;
}>;

export async function startClocks(
  t: Readonly<{ after(clean: () => Promise<void>): void }>,
  wrong: WrongClocks,
): Promise<Clocks> {
  const folder = await createTempDir();
  t.after(folder.remove);
  const names = Object.keys(wrong);
  const fileOf = (name: string) => join(folder.path, name);
  let at = -1;
  const step = async () => {
    at += 1;
    await Promise.all(names.map((name) => writeFile(fileOf(name), wrong[name]![at % wrong[name]!.length]!)));
  };
  await step();
  return {
    names,
    step,
    envOf: (name) => ({
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: fileOf(name),
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }),
  };
}
