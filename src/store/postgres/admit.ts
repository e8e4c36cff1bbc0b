import type { OperationOf } from './operations.ts';

/**
 * Which inserts of new events fit into the room that is left, first come first served; one that is too large leaves
 * the room to a smaller one after it. No two of them share a name.
 */
export function admit<Insert extends Pick<OperationOf<'insert'>, 'destinations'>>(
  inserts: readonly Insert[],
  room: number,
): Readonly<{ admitted: Insert[]; refused: Insert[] }> {
  const admitted: Insert[] = [];
  const refused: Insert[] = [];
  let left = room;
  for (const insert of inserts) {
    const { length } = insert.destinations;
    const fits = length === 0 || length <= left;
    if (fits) left -= length;
    (fits ? admitted : refused).push(insert);
  }
  return { admitted, refused };
}
