import { SETTINGS } from '../../../src/config/settings.ts';

/** What deploy/ may name. */
const NAMES = new Set<string>(SETTINGS.map(({ name }) => name));

export function isSetting(name: string): boolean {
  return NAMES.has(name);
}

/** The default of a setting as a number. */
export function defaultOf(name: string): number {
  return Number(SETTINGS.find((setting) => setting.name === name)!.default);
}
