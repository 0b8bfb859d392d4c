import type { ManifestFile } from '../../domain/registry/folder-manifest.ts';
import { OMS_SIGNATURE_PATH, parseOmsSignature } from '../../domain/registry/oms.ts';
import {
  assembleSignedFiles,
  type FileDigests,
  isSignedByList,
  judgeSignedFiles,
  type SignedFile,
} from '../../domain/registry/oms-files.ts';
import type { OmsHash, OmsStatement } from '../../domain/registry/oms-statement.ts';
import { findSigner, probeSigners, type KnownSigners } from './known-signers.ts';
import { omsPrimitives } from './oms-primitives.ts';

/** A folder that is to be judged; null for a single file, which cannot carry a signature. */
export type JudgedFolder = {
  readonly files: readonly ManifestFile[];
  readonly signature: string | null;
  /** Reads each file and digests its parts; a file that cannot be read is the problem. */
  readonly digest: (
    files: readonly SignedFile[],
    hash: OmsHash,
  ) => Promise<readonly FileDigests[] | { readonly problem: string }>;
} | null;

/** Whose signatures are known, and whether one of theirs is demanded. */
export interface SignaturePolicy {
  readonly isRequired: boolean;
  readonly known: KnownSigners;
}

/** What was found of a folder's signature. */
export interface SignatureCheck {
  /** What is wrong; null when nothing is */
  readonly problem: string | null;
  /** Who of the known ones has signed, for people; null when none has, or something is wrong */
  readonly signer: string | null;
}

/** Whether artifacts are signed as they must be. */
export interface SignatureJudge {
  /** @throws SIGNER_KEY_INVALID, SIGNER_ROOT_INVALID */
  judge(folder: JudgedFolder): Promise<SignatureCheck>;
  /** Reads what signers are known by. @throws SIGNER_KEY_INVALID, SIGNER_ROOT_INVALID */
  probe(): Promise<void>;
}

/**
 * Judges by a policy. Where none is demanded, a signature that is there must fit the folder, and be right when its key, or its kind of
 * certificate, is known; where one is, it must be by somebody who is known.
 */
export function createSignatureJudge({ isRequired, known }: SignaturePolicy, { now = Date.now } = {}): SignatureJudge {
  return {
    async judge(folder) {
      if (folder === null)
        return unsigned(isRequired, `a single file has no signature, wanted a folder with ${OMS_SIGNATURE_PATH}`);
      if (folder.signature === null) return unsigned(isRequired, `there is no ${OMS_SIGNATURE_PATH}`);
      const parsed = parseOmsSignature(omsPrimitives, folder.signature);
      // Where none is demanded, one of another kind is a file like any other.
      if ('problem' in parsed)
        return unsigned(isRequired || parsed.isBroken, `${OMS_SIGNATURE_PATH}: ${parsed.problem}`);
      const found = await findSigner(parsed, known, new Date(now()));
      if (found.kind === 'wrong' || (found.kind === 'unknown' && isRequired)) return unsigned(true, found.problem);
      const problem = await judgeFiles(parsed.statement, folder);
      return { problem, signer: problem === null && found.kind === 'right' ? found.signer : null };
    },
    probe: async () => await probeSigners(known),
  };
}

function unsigned(isWrong: boolean, problem: string): SignatureCheck {
  return { problem: isWrong ? problem : null, signer: null };
}

async function judgeFiles(
  statement: OmsStatement,
  { digest, files }: NonNullable<JudgedFolder>,
): Promise<string | null> {
  const signed = assembleSignedFiles(statement, files);
  if ('problem' in signed) return signed.problem;
  if (isSignedByList(statement))
    return judgeSignedFiles(signed.map((one) => ({ signed: one, digests: [one.file.sha256] })));
  const read = await digest(signed, statement.hash);
  return 'problem' in read ? read.problem : judgeSignedFiles(read);
}
