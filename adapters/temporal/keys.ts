import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MlopsError, messageOf } from '../../domain/errors.ts';

/** Keys of the payload codec: the active one encrypts, all of them decrypt. */
export interface PayloadKeys {
  readonly active: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

const KEY_BYTES = 32;

export function payloadKeyFile(stateDirectory: string): string {
  return join(stateDirectory, 'keys', 'payload.json');
}

/** Makes the first key when there is none. Returns whether it did. */
export async function ensurePayloadKeys(stateDirectory: string): Promise<boolean> {
  const file = payloadKeyFile(stateDirectory);
  if (existsSync(file)) return false;
  await mkdir(dirname(file), { recursive: true });
  const id = `k${Date.now().toString(36)}`;
  await writeFile(
    file,
    `${JSON.stringify({ active: id, keys: { [id]: randomBytes(KEY_BYTES).toString('base64') } }, null, 2)}\n`,
    { mode: 0o600, flag: 'wx' },
  );
  return true;
}

/** @throws PAYLOAD_KEYS_INVALID */
export async function loadPayloadKeys(stateDirectory: string): Promise<PayloadKeys> {
  const file = payloadKeyFile(stateDirectory);
  try {
    const { active, keys } = JSON.parse(await readFile(file, 'utf8')) as {
      active: string;
      keys: Record<string, string>;
    };
    const decoded = new Map(Object.entries(keys).map(([id, key]) => [id, Buffer.from(key, 'base64')]));
    const wrong = [...decoded].find(([, key]) => key.length !== KEY_BYTES);
    if (wrong !== undefined) throw new Error(`key ${wrong[0]} has ${wrong[1].length} bytes, wanted ${KEY_BYTES}`);
    if (!decoded.has(active)) throw new Error(`active key ${active} is not among the keys`);
    return { active, keys: decoded };
  } catch (error) {
    throw new MlopsError('PAYLOAD_KEYS_INVALID', { file, problem: messageOf(error) }, { cause: error });
  }
}
