import { z } from 'zod';

/** A range of numbers. The environment variable and the key of the config file share it. */
export type NumberRange = Readonly<{
  min: number;
  max: number;
  whole: boolean;
  /** The range in words, as a mistake's "takes …" and the documentation's table show it. */
  takes: string;
}>;

/** Makes the range of a count: whole numbers only. */
export function whole(min: number, max: number): NumberRange {
  return { min, max, whole: true, takes: `a whole number from ${min} to ${max}` };
}

/** Makes the range of a quantity that may have a fraction, such as seconds. */
export function decimal(min: number, max: number, unit?: string): NumberRange {
  const noun = unit === undefined ? 'a number' : `a number of ${unit}`;
  return { min, max, whole: false, takes: `${noun} from ${min} to ${max}` };
}

/** Whether the number lies within the range. NaN and the infinities lie within none. */
export function isWithin(range: NumberRange, value: number): boolean {
  if (range.whole && !Number.isInteger(value)) return false;
  return value >= range.min && value <= range.max;
}

/** A number within the range. */
export function numberField(range: NumberRange) {
  return z.number(range.takes).refine((value) => isWithin(range, value), range.takes);
}
