import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Symmetric keys by id: the active one encrypts, all of them decrypt. */
export interface KeyRing {
  readonly active: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

const KEY_BYTES = 32;

/** Makes a file with a first key (0600) when there is none. Returns whether it did. */
export async function ensureKeyRing(file: string): Promise<boolean> {
  const id = `k${Date.now().toString(36)}`;
  return await writeNewSecret(file, { active: id, keys: { [id]: randomBytes(KEY_BYTES).toString('base64') } });
}

/** Writes a secret as JSON (0600) unless the file is there. Returns whether it did. */
export async function writeNewSecret(file: string, content: unknown): Promise<boolean> {
  if (existsSync(file)) return false;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return true;
}

/** @throws Error that says what is wrong with the file */
export async function loadKeyRing(file: string): Promise<KeyRing> {
  const { active, keys } = JSON.parse(await readFile(file, 'utf8')) as { active: string; keys: Record<string, string> };
  const decoded = new Map(Object.entries(keys).map(([id, key]) => [id, Buffer.from(key, 'base64')]));
  const wrong = [...decoded].find(([, key]) => key.length !== KEY_BYTES);
  if (wrong !== undefined) throw new Error(`key ${wrong[0]} has ${wrong[1].length} bytes, wanted ${KEY_BYTES}`);
  if (!decoded.has(active)) throw new Error(`active key ${active} is not among the keys`);
  return { active, keys: decoded };
}
