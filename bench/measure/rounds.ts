import { say } from '../support/say.ts';

/**
 * Measures each of them in each round. Every other round goes the other way, so that none is always the first.
 * @param tell the words for a result
 * @returns the results of each, in the order of the rounds
 */
export async function measureInRounds<One extends Readonly<{ name: string }>, Result>(
  rounds: number,
  ones: readonly One[],
  measure: (one: One) => Promise<Result>,
  tell: (result: Result) => string,
): Promise<ReadonlyMap<One, readonly Result[]>> {
  const measured = new Map<One, Result[]>(ones.map((one) => [one, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const one of round % 2 === 0 ? ones : ones.toReversed()) {
      const result = await measure(one);
      measured.get(one)!.push(result);
      say(`  round ${round + 1}/${rounds}  ${one.name}: ${tell(result)}`);
    }
  }
  return measured;
}
