import type { Primitives } from './primitives.ts';

/** A public key that may have signed checkpoints (C2SP signed note, Ed25519). */
export interface VerifierKey {
  readonly name: string;
  /** Eight hex digits. */
  readonly id: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

const ED25519 = 1;
const KEY_BYTES = 33;

/**
 * Reads `<name>+<hex key id>+<base64(0x01 ‖ public key)>`. Returns what is wrong as a text when the form is another or the
 * key id is not the one its name and key give.
 */
export function parseVerifierKey(primitives: Primitives, text: string): VerifierKey | string {
  const [name = '', id = '', ...rest] = text.split('+');
  const bytes = primitives.decodeBase64(rest.join('+'));
  if (!isKeyName(name)) return 'the name before the first + must be printable ASCII without space';
  if (bytes?.length !== KEY_BYTES || bytes[0] !== ED25519)
    return 'the part after the second + must be base64 of 0x01 and 32 bytes';
  const publicKey = bytes.subarray(1);
  const wanted = primitives.keyId(name, publicKey);
  return id === wanted ? { name, id, publicKey } : `the key id is ${id}, name and key give ${wanted}`;
}

/** The line that a trusted-keys file holds. */
export function formatVerifierKey(primitives: Primitives, { name, id, publicKey }: VerifierKey): string {
  return `${name}+${id}+${primitives.encodeBase64(Uint8Array.of(ED25519, ...publicKey))}`;
}

/** The lines of a trusted-keys file that hold a key: empty lines and comments (#) are skipped. */
export function keyLines(file: string): readonly string[] {
  return file.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

/** Printable ASCII without space and `+`. */
export function isKeyName(name: string): boolean {
  return /^[!-*,-~]+$/.test(name);
}
