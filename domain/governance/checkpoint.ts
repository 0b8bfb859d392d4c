import type { Primitives } from './primitives.ts';
import { isKeyName, type VerifierKey } from './verifier-key.ts';

/** What a checkpoint says: the tree of this size, of this log, has this root. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** Hex. */
  readonly root: string;
}

interface Signature {
  readonly name: string;
  readonly keyId: string;
  readonly bytes: Uint8Array;
}

/** A checkpoint with the signatures on it, as far as the form goes: nothing is verified yet. */
export interface SignedNote {
  readonly checkpoint: Checkpoint;
  /** What is signed: the three lines, the last LF included. */
  readonly text: string;
  readonly signatures: readonly Signature[];
}

/** What trusted keys say of a note. */
export interface NoteCheck {
  /** `<name>+<key id>` of each trusted key whose signature verifies. */
  readonly signedBy: readonly string[];
  readonly problem: { readonly code: 'SIGNATURE' | 'KEY_UNKNOWN'; readonly message: string } | null;
}

const ORIGIN = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/;
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;
const ROOT_BYTES = 32;
const KEY_ID_BYTES = 4;
const MOST_SIGNATURES = 16;
const DASH = '\u2014';

/** Whether a text may name a log: `<installation>/<environment>` or deeper. */
export function isOrigin(text: string): boolean {
  return ORIGIN.test(text);
}

/** The three lines that are signed. */
export function formatCheckpoint(primitives: Primitives, { origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${primitives.encodeBase64(primitives.fromHex(root))}\n`;
}

/** The note: signed text, empty line, one line per signature. */
export function formatNote(
  primitives: Primitives,
  text: string,
  signatures: readonly { readonly key: Pick<VerifierKey, 'name' | 'id'>; readonly signature: Uint8Array }[],
): string {
  const lines = signatures.map(({ key, signature }) => {
    const bytes = Uint8Array.of(...primitives.fromHex(key.id), ...signature);
    return `${DASH} ${key.name} ${primitives.encodeBase64(bytes)}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** Reads a C2SP signed note that holds a checkpoint without extension lines; null when the form is another. */
export function parseNote(primitives: Primitives, note: string): SignedNote | null {
  // Each part is read strictly below, which leaves no room for control characters or anything that is not text.
  if (!note.endsWith('\n')) return null;
  const [origin = '', size = '', root = '', empty, ...lines] = note.slice(0, -1).split('\n');
  const rootBytes = primitives.decodeBase64(root);
  const signatures = lines.map((line) => parseSignature(primitives, line));
  if (!isOrigin(origin) || !SIZE.test(size) || !Number.isSafeInteger(Number(size))) return null;
  if (rootBytes?.length !== ROOT_BYTES || empty !== '') return null;
  if (signatures.length < 1 || signatures.length > MOST_SIGNATURES) return null;
  if (!signatures.every((signature) => signature !== null)) return null;
  const checkpoint = { origin, size: Number(size), root: primitives.toHex(rootBytes) };
  return { checkpoint, text: `${origin}\n${size}\n${root}\n`, signatures };
}

function parseSignature(primitives: Primitives, line: string): Signature | null {
  const [dash, name = '', encoded = '', ...rest] = line.split(' ');
  const bytes = primitives.decodeBase64(encoded);
  if (dash !== DASH || rest.length > 0 || !isKeyName(name) || bytes === null || bytes.length <= KEY_ID_BYTES)
    return null;
  return { name, keyId: primitives.toHex(bytes.subarray(0, KEY_ID_BYTES)), bytes: bytes.subarray(KEY_ID_BYTES) };
}

/**
 * Checks a note against trusted keys. A signature of a key that is not trusted is ignored; one of a trusted key must
 * verify. Without any trusted key there is no problem, and nobody signed.
 */
export function checkNote(primitives: Primitives, note: SignedNote, trusted: readonly VerifierKey[]): NoteCheck {
  const known = note.signatures.flatMap((signature) => {
    const key = trusted.find(({ name, id }) => name === signature.name && id === signature.keyId);
    return key === undefined ? [] : [{ label: `${key.name}+${key.id}`, key, signature }];
  });
  const wrong = known.find(({ key, signature }) => !primitives.verify(key.publicKey, note.text, signature.bytes));
  if (wrong !== undefined) {
    return { signedBy: [], problem: { code: 'SIGNATURE', message: `the signature of ${wrong.label} does not verify` } };
  }
  if (known.length === 0 && trusted.length > 0) {
    return { signedBy: [], problem: { code: 'KEY_UNKNOWN', message: messageOfUnknown(note, trusted) } };
  }
  return { signedBy: [...new Set(known.map(({ label }) => label))], problem: null };
}

/** Whoever trusts an older key of this log is told what they lack. */
function messageOfUnknown({ checkpoint, signatures }: SignedNote, trusted: readonly VerifierKey[]): string {
  const names = signatures.map(({ name, keyId }) => `${name}+${keyId}`).join(', ');
  const older = trusted.filter(({ name }) => name === checkpoint.origin).map(({ name, id }) => `${name}+${id}`);
  if (older.length === 0) return `no trusted key signed it; signed by ${names}`;
  return (
    `no trusted key signed it; signed by ${names}, whose verifier key is missing: you trust ${older.join(', ')} of this log. ` +
    'Where the key was replaced, an export that the older one signed names the newer one in its event governance.checkpoint-key-added'
  );
}
