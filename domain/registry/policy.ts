import { TRANSITIONS } from './stages.ts';
import type { Json } from '../governance/event-draft.ts';

/** Aliases that other programs deploy by: they are moved with an approval only. */
const ALWAYS_PROTECTED = ['champion', 'production'];

/** The rules that changes of the registry go by. */
export interface RegistryPolicy {
  /** Sorted. */
  readonly protectedAliases: readonly string[];
}

/** The policy with what is configured; the names that are always protected cannot be taken out. */
export function assemblePolicy(configured: readonly string[]): RegistryPolicy {
  return { protectedAliases: [...new Set([...ALWAYS_PROTECTED, ...configured])].sort() };
}

/** Every rule as JSON: an approval is bound to it, and is void when it changes. */
export function contentOfPolicy({ protectedAliases }: RegistryPolicy): Json {
  return {
    protectedAliases: [...protectedAliases],
    transitions: TRANSITIONS as unknown as Json,
    approvals: { production: 'always', staging: 'where the version asks for it', protectedAlias: 'always' },
  };
}
