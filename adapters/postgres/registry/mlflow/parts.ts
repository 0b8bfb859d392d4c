import type { RegistryParts } from '../parts.ts';
import type { createRegistry } from '../registry.ts';

/** What the registry in the MLflow protocol is made of. */
export interface MlflowParts extends RegistryParts {
  /** Carries out what the rules say about stages and aliases, and asks for approvals. */
  readonly registry: Pick<ReturnType<typeof createRegistry>, 'alias' | 'demote' | 'promote' | 'retire'>;
}
