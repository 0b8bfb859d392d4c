/** A secret, and where it comes in. */
export interface Planted {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Something that people or programs get to see. */
export interface Place {
  readonly name: string;
  readonly content: Buffer;
}

/** Shorter ones would be found by chance. */
const LEAST_BYTES = 12;

/** A secret as text. */
export function planted(name: string, text: string): Planted {
  return { name, bytes: Buffer.from(text) };
}

/** A place of text. */
export function textAt(name: string, text: string): Place {
  return { name, content: Buffer.from(text) };
}

/** Which secret is seen where, in whatever form; empty when none is. */
export function findLeaks(secrets: readonly Planted[], places: readonly Place[]): string[] {
  const needles = secrets.flatMap(({ bytes, name }) => formsOf(bytes).map((form) => ({ ...form, name })));
  return places.flatMap(({ content, name: where }) =>
    needles.filter(({ needle }) => content.includes(needle)).map(({ form, name }) => `${name} (${form}) in ${where}`),
  );
}

/** A secret as it is, in hexadecimal, in base64 wherever in a longer text it begins, in a URL, and in JSON, also in JSON within JSON. */
export function formsOf(bytes: Buffer): readonly { readonly form: string; readonly needle: Buffer }[] {
  const text = bytes.toString();
  const isText = Buffer.from(text).equals(bytes);
  const json = JSON.stringify(text).slice(1, -1);
  const forms: readonly (readonly [form: string, needle: Buffer])[] = [
    ['raw', bytes],
    ['hex', Buffer.from(bytes.toString('hex'))],
    ['HEX', Buffer.from(bytes.toString('hex').toUpperCase())],
    ...[0, 1, 2].flatMap((shift) => {
      const base64 = inBase64(bytes, shift);
      const base64url = base64.replaceAll('+', '-').replaceAll('/', '_');
      return [['base64', Buffer.from(base64)] as const, ['base64url', Buffer.from(base64url)] as const];
    }),
    ...(isText ? [encodeURIComponent(text), json, JSON.stringify(json).slice(1, -1)] : []).map(
      (escaped) => ['escaped', Buffer.from(escaped)] as const,
    ),
  ];
  const needles = forms.map(([form, needle]) => ({ form, needle }));
  const long = needles.filter(({ needle }) => needle.length >= LEAST_BYTES);
  return long.filter(({ needle }, at) => long.findIndex((other) => other.needle.equals(needle)) === at);
}

/** What is the same in every base64 of a longer text in which the bytes begin `shift` after a multiple of three. */
function inBase64(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
}
