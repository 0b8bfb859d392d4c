import type { Action } from '../permissions.ts';

/** What the watch sees of an event: ids, codes, times and keyed hashes. No name, no word. */
export interface AccessEvent {
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly principal: string;
  readonly type: string;
  readonly category: string;
  readonly resource: string;
  /** Of a refusal: the code of its error. */
  readonly code: string | null;
  /** Keyed hash of where it was done from; null where that is not known. */
  readonly source: string | null;
  /** Of a decision on an approval: what it is about. */
  readonly asked: AskedApproval | null;
}

/** The approval that somebody decides on, or wants to. */
export interface AskedApproval {
  /** When its content was put before approvers, milliseconds since 1970. */
  readonly atMs: number;
  /** Who decides is among those who may not: who asked, who wrote it. */
  readonly isOwn: boolean;
}

/** What kinds of acts are counted apart. */
export const ACT_KINDS = ['changes', 'reads', 'exports', 'refusals'] as const;
export type ActKind = (typeof ACT_KINDS)[number];

const EXPORTS = new Set(['audit.exported', 'audit.payload-read', 'model.exported']);

/** The kind of act that an event is of. */
export function kindOf({ category, type }: Pick<AccessEvent, 'category' | 'type'>): ActKind {
  if (type.endsWith('-refused')) return 'refusals';
  if (EXPORTS.has(type)) return 'exports';
  return category === 'data_access' || category === 'model_access' ? 'reads' : 'changes';
}

/** The model that an event is about, by its resource: `model/<name>/...`, `rollout/<environment>/<name>`; null for none. */
export function modelOf(resource: string): string | null {
  const [noun, first, second] = resource.split('/');
  if (noun === 'model') return first ?? null;
  return noun === 'rollout' || noun === 'traffic' ? (second ?? null) : null;
}

/** Events that show that an action of the table of permissions was allowed; none where it leaves no event of its own. */
const SHOWN_BY: Readonly<Record<Action, readonly string[]>> = {
  'approval.decide': ['approval.approve', 'approval.deny'],
  'approval.delegate': ['approval.delegated', 'approval.delegation-revoked'],
  'approval.read': ['approval.read'],
  'audit.export': ['audit.exported'],
  'audit.payload-read': ['audit.payload-read'],
  'audit.query': ['audit.queried'],
  'governance.acknowledge': ['access.alarm-acknowledged'],
  'governance.erase': ['governance.erased'],
  'governance.hold': ['governance.hold-placed'],
  'governance.read': ['governance.read'],
  'governance.record': [],
  'governance.release-hold': ['governance.hold-released'],
  'governance.rotate': [
    'governance.keys-rotated',
    'governance.checkpoint-key-added',
    'governance.checkpoint-key-retired',
  ],
  'identity.create': ['identity.created'],
  'identity.grant': ['identity.granted'],
  'identity.list': ['identity.read'],
  'identity.revoke': ['identity.revoked'],
  'identity.rotate': ['identity.key-replaced'],
  'identity.rotate-own': ['identity.key-replaced', 'identity.own-key-replaced'],
  'model.alias': ['model.alias-set', 'model.alias-removed', 'model.alias-requested'],
  'model.demote': ['model.demoted'],
  'model.endpoint': ['model.endpoint-set', 'model.endpoint-removed'],
  'model.export': ['model.exported'],
  'model.import': ['model.imported', 'model.taken-over'],
  'model.promote': ['model.promoted', 'model.went-back', 'model.stage-requested'],
  'model.read': ['model.read'],
  'model.register': ['model.registered', 'model.dependency-added', 'model.created'],
  'model.retire': ['model.retired', 'model.deleted'],
  'model.tag': ['model.tagged', 'model.untagged', 'model.described'],
  'rollout.abort': ['rollout.aborted'],
  'rollout.approve': ['rollout.approved'],
  'rollout.deny': ['rollout.denied'],
  'rollout.pause': ['rollout.paused'],
  'rollout.promote': [],
  'rollout.read': ['rollout.read'],
  'rollout.resume': ['rollout.resumed'],
  'rollout.rollback': [],
  'rollout.start': ['rollout.opened'],
  'webhook.manage': ['webhook.created', 'webhook.changed', 'webhook.deleted', 'webhook.tested'],
  'webhook.read': [],
};

/** Whether an event shows that its actor was let do what was refused before: the same action, of the same model where it has one. */
export function isAllowedNow(
  refused: { readonly action: string; readonly resource: string },
  event: AccessEvent,
): boolean {
  const shown: readonly string[] = Object.hasOwn(SHOWN_BY, refused.action) ? SHOWN_BY[refused.action as Action] : [];
  const model = modelOf(refused.resource);
  return shown.includes(event.type) && (model === null || model === modelOf(event.resource));
}
