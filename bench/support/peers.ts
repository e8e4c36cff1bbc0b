import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH_DIR } from './paths.ts';
import { say } from './say.ts';

/**
 * Installs bench/'s own dependencies when they are missing. Returns why the peers cannot run, or null.
 * Install scripts stay off: none of the peers needs one.
 */
export function ensurePeers(): string | null {
  if (existsSync(join(BENCH_DIR, 'node_modules'))) return null;
  say('bench/node_modules is missing: npm ci in bench/');
  const result = spawnSync(
    'npm',
    ['ci', '--prefix', BENCH_DIR, '--ignore-scripts', '--no-audit', '--no-fund'],
    {
      cwd: BENCH_DIR,
      encoding: 'utf8',
      env: { ...process.env, npm_config_local_prefix: BENCH_DIR },
    },
  );
  if (result.status === 0) return null;
  return `npm ci in bench/ failed (${result.error?.message ?? firstError(result.stderr)})`;
}

/** The sentence in npm's report, past its warnings and its error code. */
function firstError(stderr: string): string {
  const errors = stderr
    .split('\n')
    .filter((line) => line.startsWith('npm error '))
    .map((line) => line.slice('npm error '.length).trim());
  return errors.find((line) => line !== '' && !/^(code|errno|syscall) /.test(line)) ?? 'no reason given';
}
