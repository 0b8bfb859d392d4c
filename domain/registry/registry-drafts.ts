import type { EventActor, EventCategory, EventDraft, Json, Risk } from '../governance/event-draft.ts';

/** Everything that is done in the registry: kind and risk of its event. */
const ACTS = {
  registered: ['model_registration', 'low'],
  imported: ['model_registration', 'high'],
  'taken-over': ['model_registration', 'medium'],
  'not-taken-over': ['model_registration', 'low'],
  'conflict-ended': ['model_registration', 'low'],
  created: ['model_registration', 'low'],
  renamed: ['data_modification', 'medium'],
  described: ['data_modification', 'low'],
  tagged: ['data_modification', 'low'],
  untagged: ['data_modification', 'low'],
  deleted: ['model_retirement', 'medium'],
  'stage-requested': ['model_promotion', 'low'],
  promoted: ['model_promotion', 'medium'],
  replaced: ['model_promotion', 'medium'],
  demoted: ['model_promotion', 'medium'],
  retired: ['model_retirement', 'medium'],
  'went-back': ['model_rollback', 'high'],
  'alias-requested': ['model_promotion', 'low'],
  'alias-set': ['model_promotion', 'medium'],
  'alias-removed': ['model_promotion', 'medium'],
  'endpoint-set': ['data_modification', 'medium'],
  'endpoint-removed': ['data_modification', 'medium'],
  verified: ['compliance_check', 'low'],
  'verification-failed': ['security_event', 'high'],
  'dependency-added': ['data_modification', 'low'],
  read: ['model_access', 'low'],
  exported: ['data_access', 'medium'],
} as const satisfies Record<string, readonly [EventCategory, Risk]>;

export type RegistryAct = keyof typeof ACTS;
export const REGISTRY_ACTS = Object.keys(ACTS) as readonly RegistryAct[];

/** Change management is what they are evidence of. */
const FRAMEWORKS = ['iso27001', 'soc2'];

/** What an event of the registry says. */
export interface RegistryFacts {
  /** `model/rag_api/1.1.0` */
  readonly resource: string;
  readonly facts: { readonly [name: string]: Json };
  /** Free text, sealed under the key of `subject`: the model for what is said of it, the actor for why it is done. */
  readonly words?: { readonly [name: string]: Json };
  readonly subject?: string;
}

/** An event of who did what in the registry: ids, versions and digests; words are sealed. */
export function draftOfRegistry(
  act: RegistryAct,
  { facts, resource, subject, words }: RegistryFacts,
  actor: EventActor,
): EventDraft {
  const [category, risk] = ACTS[act];
  return {
    type: `model.${act}`,
    category,
    actor,
    resource,
    risk: act === 'promoted' && facts['to'] === 'production' ? 'high' : risk,
    frameworks: FRAMEWORKS,
    facts,
    ...(words === undefined ? {} : { payload: words, subject: subject ?? actor.id }),
  };
}
