import { SETTINGS } from '../../../src/config/settings.ts';

/** Settings that deploy/ may name besides those of the table: where the store and the queue are, once it has them. */
const NAMES = new Set<string>(SETTINGS.map(({ name }) => name));

export function isSetting(name: string): boolean {
  return NAMES.has(name);
}

/** The default of a setting as a number. */
export function defaultOf(name: string): number {
  return Number(SETTINGS.find((setting) => setting.name === name)!.default);
}
