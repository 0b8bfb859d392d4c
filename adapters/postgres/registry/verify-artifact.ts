import { MlopsError } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { VerifiedArtifact } from '../../../domain/registry/records.ts';
import { draftOfRegistry } from '../../../domain/registry/registry-drafts.ts';
import { resourceOfVersion } from '../../../domain/registry/resource-names.ts';
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

/**
 * What a promotion rests on: the artifact as it is now. Read before the transaction, which must not wait for gigabytes; a
 * mismatch is written down.
 *
 * @throws ARTIFACT_MISSING, ARTIFACT_MISMATCH
 */
export async function assertVerified(parts: RegistryParts, row: VersionRow, actor: EventActor): Promise<void> {
  const { model, version } = row.content;
  const found = await checkArtifact(parts, row);
  if (found.ok) return;
  await recordCheck(parts, row, found, actor);
  const { digest, problem } = found;
  throw new MlopsError('ARTIFACT_MISMATCH', { model, version, digest, problem });
}

type Check = Omit<VerifiedArtifact, 'version'>;

async function checkArtifact({ store }: RegistryParts, { content }: VersionRow): Promise<Check> {
  const { artifact, model, version } = content;
  if (artifact === null) throw new MlopsError('ARTIFACT_MISSING', { model, version });
  const { bytes, ok, problem, signer } = await store.verify(artifact);
  return { digest: artifact, ok, problem: ok ? null : (problem ?? 'its content differs'), bytes, signer };
}

async function recordCheck(
  { ledger }: RegistryParts,
  row: VersionRow,
  { bytes, digest, ok, problem }: Check,
  actor: EventActor,
): Promise<void> {
  const { model, version } = row.content;
  await ledger.transact(async ({ append, client, next }) => {
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
  });
}
