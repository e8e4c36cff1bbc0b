/** Control characters except tab, line feed and carriage return. */
const UNPRINTABLE = /[^\P{Cc}\t\n\r]/gu;

/**
 * Makes external text safe to store and to show: replaces control characters by U+FFFD. PostgreSQL refuses NUL in text,
 * and escape sequences could control an operator's terminal.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\uFFFD');
}
