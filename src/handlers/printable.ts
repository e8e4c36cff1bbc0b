/** Control characters but tab, line feed and carriage return. */
const UNPRINTABLE = /[^\P{Cc}\t\n\r]/gu;

/**
 * Makes foreign text safe to store and to show: control characters become U+FFFD. NUL above
 * all: PostgreSQL refuses it in text, and escape sequences would play with an operator's terminal.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\uFFFD');
}
