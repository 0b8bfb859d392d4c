import { isMlopsError } from '../domain/errors.ts';
import type { FromSomewhere } from '../domain/governance/act-source.ts';
import type { AskedFor, Claim } from '../domain/governance/statement.ts';
import type { Authority } from './ports.ts';

/** What a workflow is told: whether somebody may, or why not, in words. */
export type Authorisation =
  { readonly allowed: true } | { readonly allowed: false; readonly code: string; readonly problem: string };

/** Verifies who signed what; workflows have neither keys nor cryptography. */
export function createAuthorityActivities({ authority }: { readonly authority: Authority }) {
  return {
    /** Refusals are answers, and events of the ledger; what throws is that nobody could look. */
    async authorise(
      order: FromSomewhere & { readonly claim: Claim; readonly asked: AskedFor },
    ): Promise<Authorisation> {
      try {
        await authority.authorise(order.claim, order.asked);
        return { allowed: true };
      } catch (error) {
        if (isMlopsError(error, 'NOT_AUTHENTICATED') || isMlopsError(error, 'NOT_AUTHORISED'))
          return { allowed: false, code: error.code, problem: error.message };
        throw error;
      }
    },
  };
}
