import assert from 'node:assert/strict';

/** How a run of `webhook-receiver migrate` ended. */
export type Ended = Readonly<{ code: number | null; stdout: string; stderr: string }>;

/** The proof as it is printed: all lines but the last, which tells of the time. */
export function proofIn({ code, stdout, stderr }: Ended): string {
  assert.equal(code, 0, stderr);
  const [proof, summary] = stdout.split('\n\n');
  assert.match(summary!, /^Source and target are equal\. Moved in \S+ s, proved in \S+ s\.\n$/);
  return proof!;
}
