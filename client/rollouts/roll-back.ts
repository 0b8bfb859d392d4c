import type { MlopsConfig } from '../../config/schema.ts';
import { messageOf } from '../../domain/errors.ts';
import type { Claim } from '../../domain/governance/statement.ts';
import { NO_REASON } from '../../domain/rollout/emergency.ts';
import type { EmergencyResult, EmergencyRollback } from '../evidence-port.ts';
import type { CurrentIdentity } from '../identity-port.ts';
import { rolloutIdOf } from './rollout-id.ts';
import type { RollbackOrder } from './rollout-input.ts';

/** What an emergency rollback needs of the system. */
export interface RollbackParts {
  config(): Promise<Pick<MlopsConfig, 'environment'>>;
  emergency(): Promise<EmergencyRollback>;
  identity(): Promise<CurrentIdentity>;
  /** The user of the operating system. */
  user(): Promise<string>;
  /** Tells people what went wrong beside the rollback, which goes on. */
  readonly warn: (text: string) => void;
}

/** All traffic of a model to its stable version, verified and journaled. @throws ROUTER_UNREACHABLE, ROLLBACK_NOTHING_LIVE */
export async function rollBack(parts: RollbackParts, { model, reason = '' }: RollbackOrder): Promise<EmergencyResult> {
  const emergency = await parts.emergency();
  const given = reason === '' ? null : reason;
  const claim = await claimOf(parts, model, given);
  return await emergency.roll({ model, reason: given, ...claim }, ({ line, file, problem }) =>
    parts.warn(
      `Warning: this rollback goes on WITHOUT its journal: ${problem}. Keep the next line; add it to ${file} once that can be written.\n${line}`,
    ),
  );
}

/** Signed where there is a key. A key that cannot be used holds nothing up. */
async function claimOf(parts: RollbackParts, model: string, reason: string | null): Promise<Claim> {
  const { environment } = await parts.config();
  const asked = {
    action: 'rollout.rollback',
    resource: rolloutIdOf(environment, model),
    content: { model, reason: reason ?? NO_REASON },
  };
  try {
    return (await parts.identity()).claim(asked);
  } catch (error) {
    parts.warn(`Warning: this rollback goes on unsigned: ${messageOf(error)}`);
    return { actor: await parts.user() };
  }
}
