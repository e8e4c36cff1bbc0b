import { FILTER_LIMITS } from './filter.ts';

/** What is wrong with a filter, and where: `at` is the index of its first character, `length` how many it concerns. */
export type FilterMistake = Readonly<{ at: number; length: number; problem: string; expected: string }>;

/** Thrown inside the reader; `readFilter` returns it as a value. */
export class MistakeFound extends Error {
  readonly mistake: FilterMistake;
  constructor(mistake: FilterMistake) {
    super(mistake.problem);
    this.mistake = mistake;
  }
}

/** One value as it is written: its pieces alternate between texts and stars that were not quoted. */
export type Written = Readonly<{
  at: number;
  length: number;
  /** The texts between unquoted stars. */
  parts: readonly string[];
  /** It has a quoted piece, so that it means its characters. */
  isQuoted: boolean;
}>;

const SPACE = /[ \t\r\n]/;
/** White space that looks like a space and is none. */
const ODD_SPACE = /[^\S \t\r\n]/;
const CURLY = /[“”„«»]/;

/** The text of a filter and how far it is read. */
export class FilterText {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  fail(at: number, length: number, problem: string, expected: string): never {
    throw new MistakeFound({ at, length, problem, expected });
  }

  skipSpace(): void {
    while (this.at < this.text.length && SPACE.test(this.text[this.at]!)) this.at += 1;
  }

  isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** Whether a value or a term ends here. */
  isAtBreak(): boolean {
    return this.isAtEnd() || SPACE.test(this.text[this.at]!);
  }

  /** Takes the character if it is the next one. */
  takes(char: string): boolean {
    if (this.text[this.at] !== char) return false;
    this.at += 1;
    return true;
  }

  /** Takes what the pattern matches here, which may be nothing. @param pattern is sticky */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [found = ''] = pattern.exec(this.text) ?? [];
    this.at += found.length;
    return found;
  }

  /** A text in quotes, in which \" and \\ stand for the quote and the backslash. */
  quoted(): string {
    const start = this.at;
    this.at += 1;
    let text = '';
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined) {
        this.fail(start, this.text.length - start, 'the quote is not closed', 'a second " at its end');
      }
      this.at += 1;
      if (char === '"') return text;
      if (char !== '\\') {
        text += char;
        continue;
      }
      const escaped = this.text[this.at];
      if (escaped !== '"' && escaped !== '\\') {
        this.fail(
          this.at - 1,
          2,
          'a backslash in quotes has to be escaped',
          '\\\\ for a backslash, \\" for a quote',
        );
      }
      text += escaped;
      this.at += 1;
    }
  }

  /** One value: quoted and bare pieces until a comma, a space or the end. @param takes what is expected */
  value(takes: string): Written {
    const start = this.at;
    const parts = [''];
    let isQuoted = false;
    for (;;) {
      const char = this.text[this.at];
      if (this.isAtBreak() || char === ',') break;
      if (char === '"') {
        isQuoted = true;
        parts[parts.length - 1] += this.quoted();
      } else if (char === '*') {
        parts.push('');
        this.at += 1;
      } else {
        parts[parts.length - 1] += this.#bare(char!);
      }
    }
    if (this.at === start) this.fail(start, 1, 'a value is missing', takes);
    if (parts.length === 1 && parts[0] === '') this.fail(start, 2, 'the value is empty', takes);
    return { at: start, length: this.at - start, parts, isQuoted };
  }

  #bare(char: string): string {
    if (ODD_SPACE.test(char)) {
      const code = char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
      this.fail(this.at, 1, `U+${code} is no plain space`, 'a space between terms, or quotes around a value');
    }
    if (CURLY.test(char)) this.fail(this.at, 1, `${char} is no plain quote`, 'the quote "');
    this.at += 1;
    return char;
  }

  /** The values of a list. */
  values(takes: string): Written[] {
    const start = this.at;
    const found = [this.value(takes)];
    while (this.takes(',')) found.push(this.value(takes));
    const { values: most } = FILTER_LIMITS;
    if (found.length > most) {
      this.fail(start, this.at - start, `the list has ${found.length} values`, `at most ${most}`);
    }
    return found;
  }
}
