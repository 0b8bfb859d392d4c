import { REGISTRY_ACTS } from '../registry/registry-drafts.ts';
import { WEBHOOK_ACTS } from '../registry/mlflow/webhook/drafts.ts';
import { AUDIT_EVENTS } from './access-drafts.ts';
import { DETECTORS } from './access-watch/finding.ts';
import { APPROVAL_STEPS } from './approval-drafts.ts';
import { CUSTODY_ACTS } from './custody-drafts.ts';
import { IDENTITY_ACTS } from './identity-drafts.ts';
import { REFUSED_ACTIONS } from './permissions.ts';
import { isRecordable } from './recorded-event.ts';
import { ROLLOUT_EVENTS, TRAFFIC_EVENTS } from './rollout-drafts.ts';

/** What was recorded elsewhere: by whatever name its action has there. */
const RECORDED = 'recorded';

/** What there is of each family of types, beside refusals. */
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  access: [...Object.keys(DETECTORS), 'alarm-acknowledged', 'alarm-ended'],
  approval: [...APPROVAL_STEPS, 'approve', 'deny', 'delegated', 'delegation-revoked', 'read'],
  audit: AUDIT_EVENTS,
  governance: [...CUSTODY_ACTS, 'read'],
  identity: [...IDENTITY_ACTS, 'read'],
  incident: ['opened'],
  ledger: ['opened'],
  model: REGISTRY_ACTS,
  [RECORDED]: ['texts-sealed'],
  rollout: [...ROLLOUT_EVENTS, 'read'],
  traffic: TRAFFIC_EVENTS,
  webhook: [...WEBHOOK_ACTS, 'read'],
};

/** Types by name; of those that were recorded elsewhere only ours. */
export const EVENT_TYPES: readonly string[] = [
  ...Object.entries(FAMILIES).flatMap(([family, names]) => names.map((name) => `${family}.${name}`)),
  ...REFUSED_ACTIONS.map((action) => `${action}-refused`),
];
/** What all types of a family begin with: `rollout.`. */
export const TYPE_PREFIXES: readonly string[] = Object.keys(FAMILIES).map((family) => `${family}.`);

const KNOWN: ReadonlySet<string> = new Set([...EVENT_TYPES, ...TYPE_PREFIXES]);

/** Whether there are, or can be, events of a type, or of types that begin so: `rollout.`. */
export function isEventType(text: string): boolean {
  return KNOWN.has(text) || (text.startsWith(`${RECORDED}.`) && isRecordable(text.slice(RECORDED.length + 1)));
}

/** What is wanted in place of what is no type, in words: every type of its family, or every family. */
export function wantedEventType(text: string): string {
  const prefix = TYPE_PREFIXES.find((one) => text.startsWith(one));
  if (prefix === `${RECORDED}.`) return `${prefix} and an action like deploy_production`;
  if (prefix !== undefined)
    return `${prefix} or one of ${EVENT_TYPES.filter((type) => type.startsWith(prefix)).join(', ')}`;
  return `a type such as rollout.opened, or the beginning of some: ${TYPE_PREFIXES.join(' ')}`;
}
