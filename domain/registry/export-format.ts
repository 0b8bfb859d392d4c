import { canonicalJson } from '../governance/canonical-json.ts';
import type { Registration } from './registration.ts';
import { parseVersion, sortKeyOf } from './semver.ts';

/** First member of the first line. */
export const REGISTRY_FORMAT = 'durable-mlops/registry@1';

/** Tables of an export, each after those it names rows of. */
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
export type RegistryTable = (typeof REGISTRY_TABLES)[number];

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

/** Reads a line of rows. Returns what is wrong with it, in words, when it is none. */
export function parseRegistryLine(text: string, sha256: (text: string) => string): RegistryLine | string {
  const line = parseObject(text);
  const table = REGISTRY_TABLES.find((name) => name === line?.['table']);
  const row = line?.['row'];
  if (table === undefined) return `it is of no table, wanted one of ${REGISTRY_TABLES.join(', ')}`;
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

export function isRegistryHeader(text: string): boolean {
  return parseObject(text)?.['format'] === REGISTRY_FORMAT;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
