import { sumByMinute } from '../../domain/minute.ts';
import type { Verbs } from '../forward.ts';
import type { MinuteStore } from '../store.ts';
import type { State } from './state.ts';

/** @see MinuteStore */
export const minuteVerbs: Verbs<State, keyof MinuteStore> = {
  addMinutes({ minutes }, _node, counts, beforeMs) {
    const kept = sumByMinute([...minutes.values(), ...counts]).filter(({ minuteMs }) => minuteMs >= beforeMs);
    minutes.clear();
    for (const one of kept) minutes.set(one.minuteMs, one);
  },
  readMinutes: ({ minutes }, sinceMs) => [...minutes.values()].filter(({ minuteMs }) => minuteMs >= sinceMs),
};
