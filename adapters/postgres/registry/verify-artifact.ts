import { MlopsError } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { VerifiedArtifact } from '../../../domain/registry/records.ts';
import { draftOfRegistry } from '../../../domain/registry/registry-drafts.ts';
import { resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import type { RegistryParts } from './parts.ts';
import { recordOf, requireVersion, type VersionRow } from './versions.ts';

/**
 * Reads a version's artifact again, compares it with its digest, and writes down what was found.
 *
 * @throws VERSION_NOT_FOUND, ARTIFACT_MISSING for a version without one, and what the artifact store throws
 */
export async function verifyVersion(
  parts: RegistryParts,
  { actor: name, ...asked }: { readonly model: string; readonly version: string; readonly actor: string },
): Promise<VerifiedArtifact> {
  const row = await requireVersion(parts.pool, parts.environment, asked);
  const found = await checkArtifact(parts, row);
  await recordCheck(parts, row, found, await parts.principals.actor(name));
  const after = await requireVersion(parts.pool, parts.environment, asked);
  return { version: recordOf(after, parts.environment), ...found };
}

/**
 * Who of those who are known here has signed the artifact of a version, for people; null when nobody has. Nothing is written down: it is a name.
 *
 * @throws VERSION_NOT_FOUND, and what the artifact store and the files of signers throw
 */
export async function signerOfVersion(
  { environment, pool, signatures }: RegistryParts,
  { actor: _actor, ...asked }: { readonly model: string; readonly version: string; readonly actor: string },
): Promise<string | null> {
  const { artifact_files: files, content } = await requireVersion(pool, environment, asked);
  return content.artifact === null ? null : await signatures.signerOf({ digest: content.artifact, files: files ?? 1 });
}

/** That the artifact of a version was read and is sound. */
export interface Verified {
  readonly versionId: string;
  readonly found: Check;
}

/**
 * What a promotion rests on: the artifact as it is now. Read before the transaction, which must not wait for gigabytes, and
 * cannot know then that it is the same version: it asks `isOf`. What is found is written down where it is not what was known.
 *
 * @throws ARTIFACT_MISSING, ARTIFACT_MISMATCH
 */
export async function assertVerified(parts: RegistryParts, row: VersionRow, actor: EventActor): Promise<Verified> {
  const { model, version } = row.content;
  const found = await checkArtifact(parts, row);
  if (!found.ok || row.artifact_problem !== null) await recordCheck(parts, row, found, actor);
  if (found.ok) return { versionId: row.version_id, found };
  const { digest, problem } = found;
  throw new MlopsError('ARTIFACT_MISMATCH', { model, version, digest, problem });
}

/** Whether it is this version whose artifact was read. */
export function isOf(verified: Verified | string | null, row: VersionRow): verified is Verified {
  return typeof verified === 'object' && verified?.versionId === row.version_id;
}

/** Writes down, in the change that rests on it, that the artifact was read. */
export async function noteVerified(
  transaction: LedgerTransaction,
  row: VersionRow,
  { found }: Verified,
  actor: EventActor,
): Promise<void> {
  await writeCheck(transaction, row, found, actor);
}

type Check = Omit<VerifiedArtifact, 'version'>;

async function checkArtifact({ store }: RegistryParts, { content }: VersionRow): Promise<Check> {
  const { artifact, model, version } = content;
  if (artifact === null) throw new MlopsError('ARTIFACT_MISSING', { model, version });
  const { bytes, ok, problem, signer } = await store.verify(artifact);
  return { digest: artifact, ok, problem: ok ? null : (problem ?? 'its content differs'), bytes, signer };
}

async function recordCheck({ ledger }: RegistryParts, row: VersionRow, found: Check, actor: EventActor): Promise<void> {
  await ledger.transact(async (transaction) => await writeCheck(transaction, row, found, actor));
}

async function writeCheck(
  { append, client, next }: LedgerTransaction,
  row: VersionRow,
  { bytes, digest, ok, problem }: Check,
  actor: EventActor,
): Promise<void> {
  const { model, version } = row.content;
  await client.query(
    `UPDATE model_version SET verified_at = date_trunc('milliseconds', clock_timestamp()), artifact_problem = $2, ledger_sequence = $3
     WHERE version_id = $1`,
    [row.version_id, problem, next],
  );
  const words = problem === null ? {} : { words: { problem }, subject: `model/${model}` };
  const facts = { version, artifact: digest, bytes, ok };
  append(
    draftOfRegistry(
      ok ? 'verified' : 'verification-failed',
      { resource: resourceOfVersion(model, version), facts, ...words },
      actor,
    ),
  );
}
