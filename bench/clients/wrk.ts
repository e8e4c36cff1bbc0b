import { join } from 'node:path';
import { startChild } from '../support/child.ts';
import { KEY_MARK, ORDER_TEMPLATE, orderIdOf } from './order.ts';
import type { SaturateOptions, Saturation } from './saturate.ts';
import { parseWrkOutput } from './wrk-output.ts';

const SCRIPT = join(import.meta.dirname, 'post-orders.lua');

/** One thread: on two cores a second one only takes the server's. */
export async function runWrk(wrk: string, options: SaturateOptions): Promise<Saturation> {
  const { connections, seconds, url, keyPrefix, signatures = '', orderKeys } = options;
  const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', SCRIPT, url];
  const child = startChild({
    name: 'wrk',
    command: wrk,
    args: [
      ...flags,
      '--',
      ORDER_TEMPLATE,
      KEY_MARK,
      keyPrefix,
      signatures,
      ...(orderKeys === undefined ? [] : [String(orderKeys), orderIdOf(0)]),
    ],
  });
  await child.gone;
  await child.stop();
  return parseWrkOutput(child.output());
}
