import type { Json } from '../../governance/event-draft.ts';
import type { Action } from '../../governance/permissions.ts';
import { isObject, objectOf } from '../../json-object.ts';
import type { Claim } from '../../governance/statement.ts';
import { APPROVAL_KINDS, type ApprovalAsk, type ApprovalKind } from './request.ts';

/** What who asks must be allowed to do themselves; null where a rollout asks, by the worker, and nobody else may. */
export const ACTION_OF_KIND = {
  'stage-promotion': 'model.promote',
  'protected-alias': 'model.alias',
  erasure: 'governance.erase',
  'recorded-action': 'governance.record',
  'rollout-gate': null,
  'gate-skip': null,
} as const satisfies Record<ApprovalKind, Action | null>;

const LONGEST_RESOURCE = 1024;

/** What the statement of a request is about, beside its resource. */
export function contentOfAsk({ action, environment, kind, reason, requestedBy }: Omit<ApprovalAsk, 'claim'>): Json {
  return { kind, environment, requestedBy, reason, action: action ?? null };
}

/**
 * Reads what somebody asks for: any client may start a workflow with anything. What is said beside is left out.
 *
 * @returns in words what is wrong with it, when something is
 */
export function parseAsk(given: unknown): ApprovalAsk | string {
  const { action, claim, environment, kind, reason, requestedBy, resource } = objectOf(given);
  if (!isKind(kind)) return `it is no kind of approval, wanted one of ${APPROVAL_KINDS.join(', ')}`;
  if (!isText(resource) || /\s/.test(resource) || resource.length > LONGEST_RESOURCE) return 'it does not say of what';
  if (!isText(environment)) return 'it does not say of which environment';
  if (!isText(requestedBy)) return 'it does not say who asks';
  if (typeof reason !== 'string') return 'its reason is no text (it may be empty)';
  if (claim !== undefined && !isClaim(claim)) return 'its claim is none';
  return {
    kind,
    resource,
    environment,
    requestedBy,
    reason,
    ...(isObject(action) ? { action: action as { readonly [name: string]: Json } } : {}),
    ...(claim === undefined ? {} : { claim }),
  };
}

function isKind(value: unknown): value is ApprovalKind {
  return APPROVAL_KINDS.some((kind) => kind === value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Whether its statement is one is looked at by who verifies it; a token has no business here. */
function isClaim(value: unknown): value is Claim {
  return isObject(value) && isText(value['actor']) && value['token'] === undefined && isObject(value['statement']);
}
