/** A wrapping key as a setting has it. */
export interface ListedKey {
  readonly id: string;
  /** Of 32 bytes */
  readonly base64: string;
}

/** `id:base64` of 32 bytes each, separated by commas; the first is in use. Null when the text is none of that, or an id is there twice. */
export function parseWrappingKeyList(text: string): readonly [ListedKey, ...ListedKey[]] | null {
  const keys = text.split(',').map((item) => {
    // 32 bytes are 43 digits, of which the last has two bits to spare, and one "=".
    const [, id, base64] = /^\s*([A-Za-z0-9._-]{1,64}):([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)\s*$/.exec(item) ?? [];
    return id === undefined || base64 === undefined ? null : { id, base64 };
  });
  const sound = keys.filter((key) => key !== null);
  const [first, ...rest] = sound;
  if (first === undefined || sound.length < keys.length) return null;
  return new Set(sound.map(({ id }) => id)).size === sound.length ? [first, ...rest] : null;
}
