import { hasMailAddress } from '../mail-address.ts';
import { MODEL_NAME } from '../model-name.ts';
import { parseVersion } from './semver.ts';

/** What a version may rest on. */
export const DEPENDENCY_KINDS = ['dataset', 'code', 'base-model', 'index', 'embedding', 'model'] as const;
export type DependencyKind = (typeof DEPENDENCY_KINDS)[number];

/** A version rests on something, by its name: the edge of the lineage. */
export interface Dependency {
  readonly kind: DependencyKind;
  /** `NAME@VERSION` of a registered version, a dataset, an index, a commit, or a model from elsewhere. */
  readonly target: string;
}

/** A version of a model by its names. */
export interface VersionName {
  readonly model: string;
  readonly version: string;
}

/** The longest target, in characters. */
const LONGEST = 500;

/** Kinds whose target must be registered here. */
const REGISTERED: readonly DependencyKind[] = ['embedding', 'model'];

/** Kinds whose target may be registered here, and is linked when it is, also later. */
const LINKED: readonly DependencyKind[] = ['embedding', 'model', 'base-model'];

/** Whether the target of this kind has to be a registered version. */
export function mustBeRegistered(kind: DependencyKind): boolean {
  return REGISTERED.includes(kind);
}

/** The registered version that a dependency may mean; null for what is never registered here. */
export function versionNameOf({ kind, target }: Dependency): VersionName | null {
  return LINKED.includes(kind) ? parseVersionName(target) : null;
}

/** What of a target may stand in the ledger for good: a version by its name, a commit. Null for a name that people chose: it may be one of theirs. */
export function lastingTarget(dependency: Dependency): string | null {
  const { kind, target } = dependency;
  if (kind === 'code') return target.slice(target.lastIndexOf('@') + 1);
  return versionNameOf(dependency) === null ? null : target;
}

/** Reads `NAME@VERSION`; null when it is something else. */
export function parseVersionName(text: string): VersionName | null {
  const at = text.lastIndexOf('@');
  const [model, version] = [text.slice(0, Math.max(at, 0)), parseVersion(text.slice(at + 1))];
  return version === null || !MODEL_NAME.test(model) ? null : { model, version: version.text };
}

/** Checks a dependency and writes its version without `v`; says in words what is wrong with it. */
export function completeDependency({
  kind,
  target,
}: {
  readonly kind: string;
  readonly target: unknown;
}): Dependency | string {
  const known = DEPENDENCY_KINDS.find((name) => name === kind);
  if (known === undefined) return `dependency ${kind} is not a kind, wanted one of ${DEPENDENCY_KINDS.join(', ')}`;
  if (typeof target !== 'string' || target.trim() === '' || target.length > LONGEST || /\s/.test(target))
    return `dependency ${known} is ${JSON.stringify(target)}, wanted a name without blanks, at most ${LONGEST} characters`;
  if (known !== 'code' && hasMailAddress(target))
    return `dependency ${known} has a mail address, wanted a name that is nobody's: it is kept for good`;
  if (known === 'code' && !/^(.+@)?[0-9a-f]{7,64}$/.test(target))
    return `code commit is ${target}, wanted 7 to 64 hex digits, or REPOSITORY@COMMIT`;
  const name = versionNameOf({ kind: known, target });
  if (name !== null) return { kind: known, target: `${name.model}@${name.version}` };
  if (mustBeRegistered(known)) return `dependency ${known} is ${target}, wanted NAME@VERSION of a registered version`;
  return { kind: known, target };
}
