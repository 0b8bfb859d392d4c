import { REGISTRY_ACTS } from '../registry/registry-drafts.ts';
import { WEBHOOK_ACTS } from '../registry/mlflow/webhook/drafts.ts';
import { DETECTORS } from './access-watch/finding.ts';
import { APPROVAL_STEPS } from './approval-drafts.ts';
import { CUSTODY_ACTS } from './custody-drafts.ts';
import { IDENTITY_ACTS } from './identity-drafts.ts';

/** What there is of each family of types; null where it cannot be listed: stories of rollouts, and what was recorded elsewhere. */
const FAMILIES: Readonly<Record<string, readonly string[] | null>> = {
  access: [...Object.keys(DETECTORS), 'alarm-acknowledged', 'alarm-ended'],
  approval: [...APPROVAL_STEPS, 'approve', 'deny', 'delegated', 'delegation-revoked', 'read'],
  audit: null,
  governance: [...CUSTODY_ACTS, 'read'],
  identity: [...IDENTITY_ACTS, 'read'],
  incident: null,
  ledger: null,
  model: REGISTRY_ACTS,
  recorded: null,
  rollout: null,
  traffic: null,
  webhook: [...WEBHOOK_ACTS, 'read'],
};

/** Types by name, as far as they can be listed. */
export const EVENT_TYPES: readonly string[] = Object.entries(FAMILIES).flatMap(([family, names]) =>
  (names ?? []).map((name) => `${family}.${name}`),
);
/** What all types of a family begin with: `rollout.`. */
export const TYPE_PREFIXES: readonly string[] = Object.keys(FAMILIES).map((family) => `${family}.`);

/** Letters of the types that are: a code, and no words of a person. */
const CODE = /^[a-z0-9_.-]*$/;

/** Whether there are, or can be, events of a type, or of types that begin so: `rollout.`. */
export function isEventType(text: string): boolean {
  const at = text.indexOf('.');
  const [family, name] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
  if (!Object.hasOwn(FAMILIES, family) || !CODE.test(name)) return false;
  // Everything that may be done may be refused.
  if (name === '' || name.endsWith('-refused')) return true;
  return FAMILIES[family]?.includes(name) ?? true;
}
