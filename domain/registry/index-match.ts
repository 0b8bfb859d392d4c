import { parseVersionName, type Dependency, type VersionName } from './dependency.ts';
import { NO_EMBEDDING } from './model-types.ts';
import type { Registration } from './registration.ts';
import { isSameVersion } from './semver.ts';

/**
 * Why a retriever's index does not fit the embedding it asks with, in words; null when it does, and for every other type. Vectors
 * of two embedding versions cannot be compared: such a retriever answers fast, with 200, and wrong.
 */
export function indexProblem(
  { metadata, type }: Pick<Registration, 'metadata' | 'type'>,
  dependencies: readonly Dependency[],
): string | null {
  if (type !== 'retriever') return null;
  const asking = dependencies.flatMap(({ kind, target }) => (kind === 'embedding' ? [target] : []));
  const named = String(metadata['index_embedding']);
  if (named === NO_EMBEDDING)
    return asking.length === 0 ? null : `its index is lexical, and it depends on the embedding ${asking.join(', ')}`;
  const parsed = parseVersionName(named);
  const builtBy = parsed === null ? named : `${parsed.model}@${parsed.version}`;
  const [only] = asking;
  if (asking.length === 1 && isSameName(only, parsed)) return null;
  const depends = asking.length === 0 ? 'no embedding' : `the embedding ${asking.join(' and ')}`;
  return `its index was built by ${builtBy}, and it depends on ${depends}`;
}

/** One of them may name the build as well. */
function isSameName(target: string | undefined, builtBy: VersionName | null): boolean {
  const asking = target === undefined ? null : parseVersionName(target);
  if (asking === null || builtBy === null) return false;
  return asking.model === builtBy.model && isSameVersion(asking.version, builtBy.version);
}
