import type { ShownChange } from '../adapters/postgres/registry/change-content.ts';
import { isMlopsError } from '../domain/errors.ts';
import type { RiskInputs } from '../domain/registry/approval/risk.ts';
import type { ArtifactSignatures } from '../domain/registry/artifact.ts';

type Shown = Pick<ShownChange, 'artifact' | 'risk'>;

/** The risk of a change with what is known of the artifact's signature. One that cannot be looked at counts as none. */
export async function riskWithSignature(signatures: ArtifactSignatures, shown: Shown): Promise<RiskInputs> {
  return (await riskAsSeen(signatures, shown)) ?? { ...shown.risk, signed: false };
}

/** The same of what was assessed before: null when the signature cannot be looked at now, which is no news of the artifact. */
export async function riskAsSeen(
  signatures: ArtifactSignatures,
  { artifact, risk }: Shown,
): Promise<RiskInputs | null> {
  if (artifact === null) return { ...risk, signed: null };
  try {
    return { ...risk, signed: (await signatures.signerOf(artifact)) !== null };
  } catch (error) {
    if (!isMlopsError(error)) throw error;
    return null;
  }
}
