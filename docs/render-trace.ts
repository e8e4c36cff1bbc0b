/** A span of a recorded trace, as far as its picture shows it. */
export type DrawnSpan = Readonly<{
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: string;
  startNs: bigint;
  attributes: Readonly<Record<string, unknown>>;
  error: string | null;
}>;

/** A row of the picture. Times are steps, not seconds: a picture of one run would differ from that of the next. */
type Row = Readonly<{ span: DrawnSpan; branch: string; from: number; to: number }>;

/** The spans as a tree of text. */
export function traceText(spans: readonly DrawnSpan[]): string {
  const rows = layOut(spans).map(({ span, branch }) => ({ left: `${branch}${span.name}`, span }));
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  return rows
    .map(({ left, span }) => `${left.padEnd(width)}${describeSpan(span).join('  ')}`.trimEnd())
    .join('\n');
}

const ROW = 26;
const LEFT = 290;
const CHART = 470;
const MARGIN = 12;

/** The spans as an SVG, for light and dark pages. */
export function traceSvg(spans: readonly DrawnSpan[]): string {
  const rows = layOut(spans);
  const scale = CHART / Math.max(...rows.map(({ to }) => to));
  const height = rows.length * ROW + 2 * MARGIN;
  const drawn = rows.flatMap((row, at) => drawRow(row, MARGIN + at * ROW, scale));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + CHART + 2 * MARGIN} ${height}" role="img" aria-labelledby="title">
<title id="title">A trace: an accept, and a forward that fails twice and succeeds</title>
<style>
  text { font: 13px ui-monospace, monospace; fill: #1f2328; white-space: pre }
  .branch { fill: #818b98 }
  .word { font-size: 11px; fill: #59636e }
  .INTERNAL { fill: #8c959f } .SERVER { fill: #0969da } .CONSUMER { fill: #8250df } .CLIENT { fill: #1a7f37 }
  .failed { fill: #cf222e }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .branch { fill: #656c76 } .word { fill: #9198a1 }
  }
</style>
${drawn.join('\n')}
</svg>
`;
}

function drawRow({ span, branch, from, to }: Row, y: number, scale: number): string[] {
  const words = describeSpan(span);
  const x = MARGIN + LEFT + from * scale;
  const width = (to - from) * scale;
  const bar = span.error === null ? span.kind : 'failed';
  const label = words.length === 0 ? [] : [wordAt(x, width, y, words.join(' '))];
  return [
    `<text x="${MARGIN}" y="${y + 17}"><tspan class="branch">${branch}</tspan>${escaped(span.name)}</text>`,
    `<rect class="${bar}" x="${fixed(x)}" y="${y + 6}" width="${fixed(width)}" height="14" rx="3"/>`,
    ...label,
  ];
}

/** Behind the bar, or before it where there is no room. */
function wordAt(x: number, width: number, y: number, words: string): string {
  const isAtEnd = x + width > MARGIN + LEFT + CHART - 90;
  const place = isAtEnd ? `x="${fixed(x - 6)}" text-anchor="end"` : `x="${fixed(x + width + 6)}"`;
  return `<text class="word" ${place} y="${y + 17}">${escaped(words)}</text>`;
}

const fixed = (number: number) => number.toFixed(1);

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** Its kind unless it is the usual one, and what it was answered. */
function describeSpan({ kind, attributes, name }: DrawnSpan): string[] {
  const status = kind === 'CLIENT' || kind === 'SERVER' ? attributes['http.response.status_code'] : null;
  const failed = name.startsWith('process') ? (attributes['error.type'] ?? null) : null;
  return [kind === 'INTERNAL' ? [] : kind, status ?? failed ?? []].flat().map(String);
}

/** Puts each span into a row below its parent, in the order of their starts, and gives each a part of the time. */
function layOut(spans: readonly DrawnSpan[]): Row[] {
  const rows: Row[] = [];
  let step = 0;
  const place = (span: DrawnSpan, indent: string, branch: string): void => {
    const at = rows.length;
    const from = step;
    rows.push({ span, branch: `${indent}${branch}`, from, to: from });
    const below = spans
      .filter(({ parentSpanId }) => parentSpanId === span.spanId)
      .toSorted((a, b) => Number(a.startNs - b.startNs));
    const inner = branch === '' ? '' : `${indent}${branch === '└─ ' ? '   ' : '│  '}`;
    const end = () => {
      step += 1;
      rows[at] = { ...rows[at]!, to: step };
    };
    step += 1;
    let isOpen = true;
    for (const [index, child] of below.entries()) {
      // An accept has ended before the attempts of its event.
      if (isOpen && child.kind === 'CONSUMER') {
        end();
        isOpen = false;
      }
      if (child.kind === 'CONSUMER') step += 2;
      place(child, inner, index === below.length - 1 ? '└─ ' : '├─ ');
    }
    if (isOpen) end();
  };
  const known = new Set(spans.map(({ spanId }) => spanId));
  for (const root of spans.filter(({ parentSpanId }) => !known.has(parentSpanId))) place(root, '', '');
  return rows;
}
