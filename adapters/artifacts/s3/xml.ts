const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The text of the first element of a name, also one with elements inside; null when there is none. */
export function xmlValue(text: string, name: string): string | null {
  return xmlValues(text, name)[0] ?? null;
}

/** The texts of all elements of a name, one after the other. Enough for what S3 answers, where none is inside one of its own name. */
export function xmlValues(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([^]*?)</${name}>`, 'g'))].map(([, value = '']) =>
    value.replace(/&(#x?[0-9a-f]+|\w+);/gi, (whole, entity: string) => decode(entity) ?? whole),
  );
}

/** A text within an element. */
export function xmlText(text: string): string {
  return text.replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function decode(entity: string): string | undefined {
  if (!entity.startsWith('#')) return ENTITIES[entity];
  const isHex = entity[1]?.toLowerCase() === 'x';
  return String.fromCodePoint(Number.parseInt(entity.slice(isHex ? 2 : 1), isHex ? 16 : 10));
}
