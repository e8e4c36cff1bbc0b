import type { Condition } from '../domain/alert.ts';
import type { DiskRoom } from '../store/store.ts';
import { WAVE_MS, type Wave } from './alert-rejects.ts';
import type { ClockSign, Comparison } from './alert-signs.ts';

/** With less than so many times what must be left free, a disk is nearly full. */
const NEAR = 2;

export function waveOf({ source, reason }: Wave): Condition {
  return {
    kind: 'rejects',
    subject: source,
    message: `Many requests of source ${source} were refused within ${spanOf(WAVE_MS)}, most of them as ${reason}.`,
    command: `webhook-receiver rejected list --source ${source}`,
    page: `rejected?source=${encodeURIComponent(source)}`,
  };
}

/** Two subjects: what was near is told once more when it has come to refusing events. */
export function diskOf({ freeBytes, leastBytes }: DiskRoom): readonly Condition[] {
  const about = { kind: 'disk', command: 'webhook-receiver config --running', page: 'settings' } as const;
  const least = bytesText(leastBytes);
  const near = `The disk is nearly full: below ${least} of free space new events will be refused.`;
  const low = `The disk has less than ${least} of free space: new events are refused.`;
  return [
    ...(freeBytes < NEAR * leastBytes ? [{ ...about, subject: 'near', message: near }] : []),
    ...(freeBytes < leastBytes ? [{ ...about, subject: 'low', message: low }] : []),
  ];
}

export function clockOf(sign: ClockSign): Condition {
  const about = { kind: 'clock', page: '' } as const;
  if (sign.kind === 'stepped') {
    const way = sign.stepMs < 0 ? 'back' : 'ahead';
    const message = `The clock was set ${way} by ${spanOf(Math.abs(sign.stepMs))}: check that it is synchronised.`;
    return { ...about, subject: 'stepped', message, command: 'webhook-receiver alerts' };
  }
  const message = `Nothing is deleted, since the clock is ${spanOf(sign.aheadMs)} ahead of the last clean-up: set it, or confirm it.`;
  return { ...about, subject: 'distrusted', message, command: 'webhook-receiver cleanup --confirm' };
}

/** A source that was compared with its provider in vain, or whose provider has what never came. */
export function gapsOf({ source, provider, missing, hasFailed }: Comparison): readonly Condition[] {
  const about = { kind: 'gaps', page: `sources/${encodeURIComponent(source)}` } as const;
  const failed = `The comparison of source ${source} with its provider failed: the log says why.`;
  const found = `The provider of source ${source} has events that never came here (${missing} when they were found).`;
  const again = `webhook-receiver reconcile ${provider} --source ${source}`;
  return [
    ...(hasFailed ? [{ ...about, subject: `${source}/failed`, message: failed, command: again }] : []),
    ...(missing > 0
      ? [{ ...about, subject: source, message: found, command: `webhook-receiver events 'source:${source}'` }]
      : []),
  ];
}

export function spanOf(ms: number): string {
  if (ms >= 3_600_000) return `${Math.round(ms / 360_000) / 10} h`;
  return ms >= 60_000 ? `${Math.round(ms / 6_000) / 10} min` : `${Math.round(ms / 1000)} s`;
}

function bytesText(bytes: number): string {
  if (bytes >= 1024 ** 3) return `${Math.round(bytes / 1024 ** 2 / 102.4) / 10} GiB`;
  return bytes >= 1024 ** 2 ? `${Math.round(bytes / 1024 ** 2)} MiB` : `${bytes} bytes`;
}
