const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };
const NUMBERED: ReadonlySet<number> = new Set([34, 38, 39, 60, 62]);

/** Decodes the entities of HTML's special characters and no others, once: WordPress keeps secrets so encoded. */
export function decodeHtml(text: string): string {
  return text.replace(
    /&(?:(lt|gt|amp|quot)|#0*(\d{2})|#x0*([0-9a-f]{2}));/gi,
    (entity, name, decimal, hex) => {
      if (name !== undefined) return NAMED[name] ?? entity;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return NUMBERED.has(code) ? String.fromCharCode(code) : entity;
    },
  );
}
