import { canonicalJson } from '../governance/canonical-json.ts';
import type { Registration } from './registration.ts';
import { parseVersion, sortKeyOf } from './semver.ts';

/** First member of the first line. */
export const REGISTRY_FORMAT = 'durable-mlops/registry@2';

/** Tables of the registry itself, each after those it names rows of. */
export const REGISTRY_TABLES = [
  'model',
  'model_version',
  'version_stage',
  'stage_change',
  'used_approval',
  'model_alias',
  'version_endpoint',
  'model_dependency',
] as const;

/** What rows of the registry name: approvals that were used, and people. An import keeps it apart from its own. */
const NAMED_TABLES = ['approval_request', 'approval_decision', 'principal'] as const;

/** Tables of an export, in their order. */
export const EXPORTED_TABLES = [...REGISTRY_TABLES, ...NAMED_TABLES] as const;
export type RegistryTable = (typeof EXPORTED_TABLES)[number];

/** What may be in a file, by its first line: those of earlier releases name people and approvals by their ids alone. */
const TABLES_OF: Readonly<Record<string, readonly RegistryTable[]>> = {
  [REGISTRY_FORMAT]: EXPORTED_TABLES,
  'durable-mlops/registry@1': REGISTRY_TABLES,
};

/** A row of a table, as the database writes it. */
export interface RegistryLine {
  readonly table: RegistryTable;
  readonly row: Readonly<Record<string, unknown>>;
}

/** Last line: what the lines between must come to, so that a file that was cut off is seen. */
export interface RegistryTrailer {
  readonly rows: number;
  /** SHA-256 over the lines between, each with its newline. */
  readonly sha256: string;
}

/** Reads a line of rows, of one of these tables. Returns what is wrong with it, in words, when it is none. */
export function parseRegistryLine(
  text: string,
  tables: readonly RegistryTable[],
  sha256: (text: string) => string,
): RegistryLine | string {
  const line = parseObject(text);
  const table = tables.find((name) => name === line?.['table']);
  const row = line?.['row'];
  if (table === undefined) return `it is of no table, wanted one of ${tables.join(', ')}`;
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return 'it has no row';
  const problem = table === 'model_version' ? versionProblem(row as Record<string, unknown>, sha256) : null;
  return problem ?? { table, row: row as Record<string, unknown> };
}

/** What a version derives from its content must be derived from it. */
function versionProblem(row: Readonly<Record<string, unknown>>, sha256: (text: string) => string): string | null {
  const content = row['content'] as Registration | null | undefined;
  const version = parseVersion(typeof content?.version === 'string' ? content.version : '');
  if (content === null || content === undefined || version === null) return 'its version is none';
  if (row['version'] !== version.text || row['sort_key'] !== sortKeyOf(version))
    return 'its version is not that of its content';
  if (row['artifact_digest'] !== content.artifact) return 'its artifact is not that of its content';
  if (row['content_digest'] !== sha256(canonicalJson(content))) return 'its digest is not that of its content';
  return null;
}

/** Reads a trailer; null when the line is something else. */
export function parseRegistryTrailer(text: string): RegistryTrailer | null {
  const line = parseObject(text);
  const [rows, sha256] = [line?.['rows'], line?.['sha256']];
  return typeof rows === 'number' && typeof sha256 === 'string' ? { rows, sha256 } : null;
}

/** Reads the first line: which tables the file may have; null when it is no export, or one of a later release. */
export function parseRegistryHeader(text: string): readonly RegistryTable[] | null {
  const format = parseObject(text)?.['format'];
  return typeof format === 'string' && Object.hasOwn(TABLES_OF, format) ? (TABLES_OF[format] ?? null) : null;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
