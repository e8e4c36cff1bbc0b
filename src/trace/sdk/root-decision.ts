import { hash } from 'node:crypto';
import type { SamplerName } from './sdk-options.ts';

/** Whether the trace that follows from an id is recorded where no sender's trace is continued. */
export type RootDecision = (id: string) => boolean;

/**
 * The answer of the SDK's sampler, without the text of the trace id, which most events need nowhere else: the ratio sampler reads 32
 * bits out of it, which are here taken from the hash itself.
 */
export function rootDecision(name: SamplerName, ratio: number): RootDecision {
  switch (name.replace('parentbased_', '')) {
    case 'always_on':
      return () => true;
    case 'always_off':
      return () => false;
    default: {
      const bound = ratio === 1 ? 2 ** 32 : Math.floor(ratio * (2 ** 32 - 1));
      return (id) => bitsOf(hash('sha256', id, 'latin1')) < bound;
    }
  }
}

/** The four words of a trace id, added without carry. @param digest a character a byte */
function bitsOf(digest: string): number {
  let bits = 0;
  for (let at = 0; at < 16; at += 4) {
    bits ^=
      (digest.charCodeAt(at) << 24) |
      (digest.charCodeAt(at + 1) << 16) |
      (digest.charCodeAt(at + 2) << 8) |
      digest.charCodeAt(at + 3);
  }
  return bits >>> 0;
}
