import { createPrimitives } from '../adapters/crypto/primitives.ts';
import { createTokenVerifier } from '../adapters/identity/token-verifier.ts';
import { createAuthority, type Authority } from '../adapters/postgres/identity/authority.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import type { MlopsConfig } from '../config/schema.ts';

/** What decides how strict an installation is. */
export type Rules = Pick<MlopsConfig, 'environment' | 'governance'>;

/** What decides who may do what. */
export interface AuthorityRules extends Pick<MlopsConfig, 'environment'> {
  readonly governance: Pick<MlopsConfig['governance'], 'developmentRoles' | 'issuers'>;
}

/** Who decides what may be done, by the rules of the environment: in production everything is signed. */
export function composeAuthority({ environment, governance }: AuthorityRules, parts: EvidenceParts): Authority {
  const mustSign = environment === 'production';
  const rules = { mustSign, developmentRoles: mustSign ? [] : governance.developmentRoles };
  return createAuthority({
    ...parts,
    primitives: createPrimitives(),
    rules,
    tokens: createTokenVerifier(governance.issuers),
  });
}
