import type { ShownChange } from '../adapters/postgres/registry/change-content.ts';
import { isMlopsError } from '../domain/errors.ts';
import type { RiskInputs } from '../domain/registry/approval/risk.ts';
import type { ArtifactSignatures } from '../domain/registry/artifact.ts';

/** The risk of a change with what is known of the artifact's signature. One that cannot be looked at counts as none. */
export async function riskWithSignature(
  signatures: ArtifactSignatures,
  { artifact, risk }: Pick<ShownChange, 'artifact' | 'risk'>,
): Promise<RiskInputs> {
  if (artifact === null) return { ...risk, signed: null };
  try {
    return { ...risk, signed: (await signatures.signerOf(artifact)) !== null };
  } catch (error) {
    if (!isMlopsError(error)) throw error;
    return { ...risk, signed: false };
  }
}
