/** Characters of a text that are read; what follows does not change its normal form. */
export const NORMAL_ERROR_CHARS = 1024;

/**
 * The form of an error's text in which what differs from one occurrence to the next is a placeholder: times, addresses,
 * ids, numbers, quoted input. Texts of one cause have the same form. Reads NORMAL_ERROR_CHARS, each a bounded number of times.
 */
export function normalError(text: string): string {
  const read = text
    .slice(0, NORMAL_ERROR_CHARS)
    .replace(OWN_PREFIX, '<host>: ')
    .replace(NO_JSON, 'Unexpected token <value> ');
  const found = read.replace(VARIABLE, (token, ...rest) => {
    const groups = rest.at(-1) as Readonly<Record<string, string | undefined>>;
    for (const kind of KINDS) if (groups[kind] !== undefined) return `<${kind}>`;
    if (groups.kept !== undefined) return token;
    if (groups.scheme !== undefined) return `${groups.scheme}<host>`;
    return formOf(token);
  });
  return found.replaceAll(LISTED, '$1').replaceAll(/\s+/g, ' ').trim();
}

/** How the receiver's own client begins what it says of a host: see describeFailure. */
const OWN_PREFIX =
  /^\S{1,300}: (?=[^:]{1,100} \([A-Z][A-Z\d_]{1,60}\)$|aborted before an answer came$|the request failed$)/;

/** V8 quotes what it could not parse. */
const NO_JSON =
  /Unexpected token (?:'.{1,2}'|.{1,2})?(?:, (?:\.\.\.)?".{0,60}?"(?:\.\.\.)?)? (?=is not valid JSON|in JSON)/gsu;

const KINDS = ['time', 'duration', 'size', 'id', 'value', 'email', 'host', 'query'] as const;

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}';
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}';
const CLOCK = String.raw`\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?`;
const ZONE = String.raw`(?: ?(?:Z\b|[+-]\d\d:?\d\d\b|(?:GMT|UTC)(?:[+-]\d{1,4})?)(?: \([A-Z][\w ]{2,40}\))?)?`;
const TIMES = [
  String.raw`\d{4}[-/]\d\d[-/]\d\d(?:[T ]${CLOCK})?${ZONE}`,
  String.raw`(?:${DAY},? )?\d{1,2}[ /-]${MONTH}[ /-]\d{4}(?:[ :]${CLOCK})?${ZONE}`,
  String.raw`(?:${DAY} )?${MONTH} {1,2}\d{1,2}(?: \d{4})?(?: ${CLOCK})?${ZONE}(?: \d{4})?`,
  String.raw`\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?`,
];
const UNIT = '(?:[mnuµ]?s|m|h|d|msecs?|secs?|mins?|hrs?|milliseconds?|seconds?|minutes?|hours?|days?)';
const LABEL = '[a-zA-Z\\d_](?:[\\w-]{0,61}[a-zA-Z\\d])?';
/** Ends of names that belong to hosts, where a name stands alone. */
const TOP =
  '(?:com|net|org|io|dev|app|cloud|local|internal|lan|corp|example|test|invalid|localhost|de|eu|uk|fr|nl)';
/** Words after which a colon and a number is no port. */
const NO_HOST =
  '(?:code|status|statusCode|errno|line|column|col|port|position|offset|error|size|length|count|id|number|attempt|attempts|timeout|took|after|retry|pid|row|index|version|took|at|in|of)';
const FILE = String.raw`[\w-]{1,60}\.(?:[cm]?[jt]sx?|py|rb|go|java|php|rs|cs|ex)`;
const HOSTS = [
  String.raw`(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\d.]*\d)`,
  String.raw`(?<![\w:.])\[?(?=[\da-fA-F]{0,4}(?::[\da-fA-F]{1,4}){0,6}::|(?:[\da-fA-F]{1,4}:){7})[\da-fA-F:]{2,45}(?:(?:\.\d{1,3}){3})?(?:%\w{1,16})?(?:\]|(?![\w.]))(?::\d{1,5})?`,
  String.raw`(?<![\w./:-])(?!\d{1,20}:|${NO_HOST}:|${FILE}:)(?:${LABEL}\.){0,8}${LABEL}:\d{2,5}(?![\w.])`,
  String.raw`(?<=\b(?:ENOTFOUND|EAI_AGAIN|ESERVFAIL|EREFUSED|ENODATA|getaddrinfo|query[A-Z]\w{0,5}|[Hh]ost(?:name)?:?|servername|upstream) ["']?)(?!(?:is|was|not|name|key|E[A-Z_]{3,12})\b)${LABEL}(?:\.${LABEL}){0,8}`,
  String.raw`(?:DNS|IP Address):[^\s,"]{1,255}`,
  String.raw`(?<![\w./-])(?:${LABEL}\.){1,8}${TOP}(?::\d{1,5})?(?![\w(.-]*\w)`,
];
/** Numbers that say what happened. */
const KEPT = String.raw`(?<=\b(?:status|status ?code|code|HTTP|errno|SQLSTATE|exited with|answered)["']?[ :=("'#]{1,3})-?(?:\d{1,5}|[A-Z]{1,4}-?\d{1,5}|\d{2}[A-Z\d]{3})(?![\w.])`;

/** What may vary, tried in this order at each place. Every quantifier is bounded, so a text is read in linear time. */
const VARIABLE = new RegExp(
  [
    `(?<time>(?<![\\w])(?:${TIMES.join('|')}))`,
    String.raw`(?<id>(?<![\da-fA-F-])[\da-fA-F]{8}(?:-[\da-fA-F]{4}){3}-[\da-fA-F]{12}(?![\da-fA-F]))`,
    String.raw`(?<value>(?<=\)=\()[^)]{0,300}(?=\)))`,
    String.raw`(?<email>[\w.+-]{1,64}@${LABEL}(?:\.${LABEL}){1,5})`,
    String.raw`(?<scheme>\b[a-z][a-z\d+]{1,15}://)[^\s/?#"'<>)\]}]{1,300}`,
    String.raw`(?<query>(?<=[\w/])\?[\w.~%-]{1,64}=[^\s"'<>);]{0,300})`,
    `(?<host>${HOSTS.join('|')})`,
    `(?<kept>${KEPT})`,
    String.raw`(?<duration>(?<![\w.])\d{1,15}(?:\.\d{1,9})? ?${UNIT}(?![\w]))`,
    String.raw`(?<size>(?<![\w.])\d{1,15}(?:\.\d{1,9})? ?(?:bytes?|[kKMG]i?B)(?![\w]))`,
    String.raw`\d{1,30}(?:[.,]\d{1,15}){1,4}(?![\w])`,
    String.raw`[A-Za-z\d][A-Za-z\d_-]{0,254}`,
  ].join('|'),
  'gu',
);

/** Several of a kind in a row. */
const LISTED = /(<\w+>|#)(?:,? ?\1){1,100}/g;

/** The form of a word or a number. */
function formOf(token: string): string {
  if (!/\d/.test(token)) return token;
  if (/^[\d.,_-]+$/.test(token)) return '#';
  // The name of an error, such as ERR_HTTP2_STREAM_CANCEL.
  if (/^[A-Z][A-Z\d]*(?:_[A-Z\d]+)*_[A-Z]+$/.test(token)) return token;
  const parts = token.split(/([_-])/);
  if (parts.length > 1) return partsForm(parts);
  return wordForm(token);
}

/** A prefix says what the id is of; what stands behind it is the id. */
function partsForm(parts: readonly string[]): string {
  return parts
    .map((part) => (/\d/.test(part) ? wordForm(part) : part))
    .join('')
    .replaceAll(/(?:<id>|#)(?:[_-](?:<id>|#))+/g, '<id>');
}

function wordForm(word: string): string {
  if (/^\d+$/.test(word)) return '#';
  const digits = word.replaceAll(/\D/g, '').length;
  if (/^(?:0x)?[\da-f]{6,}$/i.test(word)) return '<id>';
  if (word.length >= 8 && (digits >= 2 || /[a-z]\d*[A-Z]/.test(word))) return '<id>';
  return word.replaceAll(/\d+/g, '#');
}
