import { MlopsError } from '../../domain/errors.ts';
import { parseConsistencyProof, type ConsistencyProof } from '../../domain/governance/consistency-proof.ts';
import { parseHeader } from '../../domain/governance/export-format.ts';
import { createExportVerifier, type ExportCheck } from '../../domain/governance/verify-export.ts';
import { keyLines, parseVerifierKey, type VerifierKey } from '../../domain/governance/verifier-key.ts';
import type { ExportFiles } from '../export-port.ts';

/** What is verified, and against what. */
export interface VerifyOrder {
  /** Path, or `-` for standard input. */
  readonly file: string;
  readonly trustedKeys: readonly VerifierKey[];
  /** Paths of notes or exports whose tree the file must continue. */
  readonly checkpoints: readonly string[];
  /** Paths of proofs that show it of a selection. */
  readonly proofs?: readonly string[];
  /** Is told every line that broke no rule of its own; what it says counts only if the whole file is right. */
  readonly onLine?: (text: string) => void;
}

/**
 * Verifies an export of the ledger (ledger-format §8) without any server.
 *
 * @throws INPUT_UNREADABLE, CHECKPOINT_OF_SELECTION; what is wrong with the content is in the result instead
 */
export async function verifyFile(files: ExportFiles, order: VerifyOrder): Promise<ExportCheck> {
  const earlier = await Promise.all(order.checkpoints.map(async (file) => noteIn(await files.beginning(file))));
  const proofs = await Promise.all((order.proofs ?? []).map(async (file) => await readProof(files, file)));
  const verifier = createExportVerifier(files.primitives, { trustedKeys: order.trustedKeys, earlier, proofs });
  for await (const lines of files.lines(order.file)) {
    for (const line of lines) {
      verifier.read(line);
      if (!verifier.isDone && line.text !== null) order.onLine?.(line.text);
    }
    if (verifier.kind === 'selection' && earlier.length > 0 && proofs.length === 0)
      throw new MlopsError('CHECKPOINT_OF_SELECTION', { file: order.file });
    if (verifier.isDone) break;
  }
  return verifier.finish();
}

/** @throws INPUT_UNREADABLE */
async function readProof(files: ExportFiles, file: string): Promise<ConsistencyProof> {
  const proof = parseConsistencyProof(await files.text(file));
  if (proof === null) throw new MlopsError('INPUT_UNREADABLE', { file, problem: 'it is no proof of `audit prove`' });
  return proof;
}

/** A note, or the one in the header of an export. What is neither is a problem that the verification finds. */
export function noteIn(text: string): string {
  if (!text.startsWith('{')) return text;
  const header = parseHeader(text.slice(0, text.indexOf('\n')));
  return typeof header === 'string' ? '' : header.checkpoint;
}

/** The keys of `--key` and of trusted-keys files. @throws VERIFIER_KEY_INVALID, INPUT_UNREADABLE */
export async function readTrustedKeys(
  files: ExportFiles,
  given: { readonly keys: readonly string[]; readonly keyFiles: readonly string[] },
): Promise<VerifierKey[]> {
  const texts = await Promise.all(given.keyFiles.map(async (file) => await files.text(file)));
  return [...given.keys, ...texts.flatMap(keyLines)].map((line) => {
    const key = parseVerifierKey(files.primitives, line);
    if (typeof key === 'string') throw new MlopsError('VERIFIER_KEY_INVALID', { key: shown(line), problem: key });
    return key;
  });
}

const MOST_SHOWN = 60;

/** A line of whatever file was named, without power over a terminal. */
function shown(line: string): string {
  const plain = line.replaceAll(/[^ -~]/g, '?');
  return plain.length > MOST_SHOWN ? `${plain.slice(0, MOST_SHOWN)}...` : plain;
}
