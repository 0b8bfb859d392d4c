import type { ManifestFile } from '../../domain/registry/folder-manifest.ts';
import { judgeOmsFiles, OMS_SIGNATURE_PATH, parseOmsSignature, type OmsSignature } from '../../domain/registry/oms.ts';
import { loadOmsKeys, omsPrimitives, type OmsKey } from './oms-keys.ts';

/** A folder that is to be judged; null for a single file, which cannot carry a signature. */
export type JudgedFolder = { readonly files: readonly ManifestFile[]; readonly signature: string | null } | null;

/** Whether artifacts are signed as they must be. */
export interface SignatureJudge {
  /** What is wrong; null when nothing is. @throws SIGNER_KEY_INVALID */
  judge(folder: JudgedFolder): Promise<string | null>;
  /** The same as if a signature by a known key were demanded, also where it is not. @throws SIGNER_KEY_INVALID */
  judgeStrictly(folder: JudgedFolder): Promise<string | null>;
}

/**
 * Judges by a policy. `none`: a signature that is there must fit the folder, and be right when its key is known; `any`: there must be
 * one by a known key; a list of files: by one of these keys.
 *
 * @param keyFolder where the known keys are, `*.pub`
 */
export function createSignatureJudge(policy: 'none' | 'any' | readonly string[], keyFolder: string): SignatureJudge {
  const judge = async (folder: JudgedFolder, isRequired: boolean): Promise<string | null> => {
    if (folder === null)
      return isRequired ? `a single file has no signature, wanted a folder with ${OMS_SIGNATURE_PATH}` : null;
    if (folder.signature === null) return isRequired ? `there is no ${OMS_SIGNATURE_PATH}` : null;
    const parsed = parseOmsSignature(omsPrimitives, folder.signature);
    // Where none is demanded, one of another kind is a file like any other.
    if ('problem' in parsed) return isRequired ? `${OMS_SIGNATURE_PATH}: ${parsed.problem}` : null;
    const keys = await loadOmsKeys(typeof policy === 'string' ? { folder: keyFolder } : policy);
    return judgeSigner(parsed, keys, isRequired) ?? judgeOmsFiles(parsed.statement, folder.files);
  };
  return {
    judge: async (folder) => await judge(folder, policy !== 'none'),
    judgeStrictly: async (folder) => await judge(folder, true),
  };
}

function judgeSigner(signature: OmsSignature, keys: readonly OmsKey[], isRequired: boolean): string | null {
  const { keyHint } = signature;
  const candidates = keyHint === null ? keys : keys.filter(({ hint }) => hint === keyHint);
  if (candidates.some((key) => key.verify(signature))) return null;
  if (candidates.length > 0 && keyHint !== null) return 'its signature is not right';
  return isRequired ? `it is signed by none of the ${keys.length} keys that count` : null;
}
