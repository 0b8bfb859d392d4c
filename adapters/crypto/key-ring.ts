import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createDurably, writeDurably } from '../files/durable-file.ts';
import { parseSecretJson } from '../files/secret-json.ts';

/** Symmetric keys by id: the active one encrypts, all of them decrypt. */
export interface KeyRing {
  readonly active: string;
  readonly keys: ReadonlyMap<string, Buffer>;
  /** Held, and to be the active one once every machine has it. */
  readonly next?: string;
}

interface KeyRingFile {
  readonly active: string;
  readonly next?: string;
  readonly keys: Readonly<Record<string, string>>;
}

const KEY_BYTES = 32;

/** Makes a file with a first key (0600) when there is none. Returns whether it did. */
export async function ensureKeyRing(file: string): Promise<boolean> {
  const id = newKeyId();
  return await writeNewSecret(file, { active: id, keys: { [id]: newKey() } } satisfies KeyRingFile);
}

/** Adds a key to a ring's file that is not used yet, unless one is waiting there. Returns its id. */
export async function addNextKey(file: string): Promise<string> {
  const ring = await readRing(file);
  if (ring.next !== undefined) return ring.next;
  const next = newKeyId();
  await writeDurably(file, textOf({ ...ring, next, keys: { ...ring.keys, [next]: newKey() } }));
  return next;
}

/** Makes the key that waits the active one. The earlier ones stay: what they wrapped can be unwrapped. */
export async function activateNextKey(file: string): Promise<void> {
  const { next, keys } = await readRing(file);
  if (next !== undefined) await writeDurably(file, textOf({ active: next, keys }));
}

function newKeyId(): string {
  return `k${Date.now().toString(36)}${randomBytes(2).toString('hex')}`;
}

function newKey(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}

async function readRing(file: string): Promise<KeyRingFile> {
  return parseSecretJson(await readFile(file, 'utf8')) as KeyRingFile;
}

function textOf(ring: KeyRingFile): string {
  return `${JSON.stringify(ring, null, 2)}\n`;
}

/** Writes a secret as JSON (0600), flushed to disk, unless the file is there. Returns whether it did. */
export async function writeNewSecret(file: string, content: unknown): Promise<boolean> {
  if (existsSync(file)) return false;
  await createDurably(file, `${JSON.stringify(content, null, 2)}\n`);
  return true;
}

/** @throws Error that says what is wrong with the file */
export async function loadKeyRing(file: string): Promise<KeyRing> {
  const { active, keys, next } = await readRing(file);
  const decoded = new Map(Object.entries(keys).map(([id, key]) => [id, Buffer.from(key, 'base64')]));
  const wrong = [...decoded].find(([, key]) => key.length !== KEY_BYTES);
  if (wrong !== undefined) throw new Error(`key ${wrong[0]} has ${wrong[1].length} bytes, wanted ${KEY_BYTES}`);
  if (!decoded.has(active)) throw new Error(`active key ${active} is not among the keys`);
  return { active, keys: decoded, ...(next === undefined ? {} : { next }) };
}
