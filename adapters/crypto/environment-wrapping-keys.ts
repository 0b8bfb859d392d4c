import { existsSync } from 'node:fs';
import { MlopsError } from '../../domain/errors.ts';
import { parseWrappingKeyList } from '../../domain/governance/wrapping-key-list.ts';
import type { KeyRing } from './key-ring.ts';
import { followWrappingKeys, wrappingFileOf } from './ledger-keys.ts';
import { createLocalDataKeys } from './local-data-keys.ts';
import type { WrappingKeys } from './wrapping-keys.ts';

const VARIABLE = 'MLOPS_WRAPPING_KEYS';
const HINT = `Put the new key first in ${VARIABLE} of every program, start them again, then run \`mlops governance rotate\``;

/** Wrapping keys of the environment. What the file of the state directory wrapped before can still be read. */
export function createEnvironmentWrappingKeys(
  stateDirectory: string,
  env: Readonly<Record<string, string | undefined>>,
): WrappingKeys {
  const own = ringOf(env[VARIABLE]);
  const earlier = existsSync(wrappingFileOf(stateDirectory)) ? followWrappingKeys(stateDirectory) : null;
  const ring = async (): Promise<KeyRing> => {
    const file = await earlier?.();
    return { active: own.active, keys: new Map([...(file?.keys ?? []), ...own.keys]) };
  };
  return {
    place: VARIABLE,
    dataKeys: (purpose) => createLocalDataKeys(ring, purpose),
    active: async () => (await ring()).active,
    addWaiting: async () =>
      await Promise.reject(
        new MlopsError('KEY_ROTATION_REFUSED', { place: VARIABLE, problem: 'a program cannot add to it', hint: HINT }),
      ),
    // Whoever set the variable has decided already.
    foreseeNext: async () => await Promise.resolve(own.active),
    useNext: async () => await Promise.resolve(),
  };
}

/** @throws WRAPPING_KEYS_INVALID */
function ringOf(text: string | undefined): KeyRing {
  const listed = text === undefined ? null : parseWrappingKeyList(text);
  if (listed === null)
    throw new MlopsError('WRAPPING_KEYS_INVALID', {
      place: VARIABLE,
      problem: text === undefined ? 'the variable is not set' : 'it is not a list of keys',
      hint: `Set ${VARIABLE} to id:base64 of 32 bytes each, separated by commas, the one in use first`,
    });
  return { active: listed[0].id, keys: new Map(listed.map(({ id, base64 }) => [id, Buffer.from(base64, 'base64')])) };
}
