import type { ApprovalPolicy } from './approval/policy.ts';
import { TRANSITIONS } from './stages.ts';
import type { Json } from '../governance/event-draft.ts';

/** Aliases that other programs deploy by: they are moved with an approval only. */
const ALWAYS_PROTECTED = ['champion', 'production'];

/** The rules that changes of the registry go by. */
export interface RegistryPolicy {
  /** Sorted. */
  readonly protectedAliases: readonly string[];
  readonly approvals: ApprovalPolicy;
}

/** The policy with what is configured; the names that are always protected cannot be taken out. */
export function assemblePolicy(configured: readonly string[], approvals: ApprovalPolicy): RegistryPolicy {
  return { approvals, protectedAliases: [...new Set([...ALWAYS_PROTECTED, ...configured])].sort() };
}

/** Whether an alias is moved with an approval only. Programs that read `Champion` mean `champion`: letters count alike. */
export function isProtectedAlias({ protectedAliases }: RegistryPolicy, alias: string): boolean {
  return protectedAliases.some((name) => name.toLowerCase() === alias.toLowerCase());
}

/** Every rule as JSON: an approval is bound to it, and is void when it changes. */
export function contentOfPolicy({ approvals, protectedAliases }: RegistryPolicy): Json {
  return {
    protectedAliases: [...protectedAliases],
    transitions: TRANSITIONS as unknown as Json,
    approvals: { production: 'always', staging: 'where the version asks for it', protectedAlias: 'always' },
    terms: approvals as unknown as Json,
  };
}
