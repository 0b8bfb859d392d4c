/** A version as another registry has it. */
export interface SourceVersion {
  readonly model: string;
  readonly ordinal: number;
  readonly description: string;
  readonly source: string;
  readonly runId: string;
  readonly runLink: string;
  readonly tags: Readonly<Record<string, string>>;
  /** READY, or what keeps it from being used. */
  readonly status: string;
  /** Milliseconds since 1970. A model that was deleted and made again counts from 1 again: this tells its versions apart. */
  readonly createdAt: number;
  /** Milliseconds since 1970 */
  readonly changedAt: number;
}

/** Port: another registry that versions come from. */
export interface VersionSource {
  /** Where it is, without a password. */
  readonly url: string;
  /** Which ledger it writes, when it is a registry of this program; null for any other. @throws REGISTRY_SOURCE_FAILED */
  ledger(): Promise<string | null>;
  /** Every version that changed at `since` or later, milliseconds since 1970, once. @throws REGISTRY_SOURCE_FAILED */
  changedSince(since: number): Promise<readonly SourceVersion[]>;
  /** One version as it is now; null when it is not there. @throws REGISTRY_SOURCE_FAILED */
  version(model: string, ordinal: number): Promise<SourceVersion | null>;
}

/** Header of every answer to who was let in: the ledger that the registry writes, by the hash of its first event. */
export const LEDGER_HEADER = 'x-mlops-ledger';

/** Tag of a version that was taken over: where it comes from, for people. It is known again by what is kept beside. */
export const ORIGIN_TAG = 'mlops.imported-from';

/** What taking over came to. */
export interface TakenOver {
  readonly added: number;
  /** Their description or tags were brought up to date. */
  readonly changed: number;
  readonly unchanged: number;
  /** `name/number: why`; what is to be mended is a conflict too, and tried again each time. */
  readonly skipped: readonly string[];
}

/** Reads a version of the protocol; null for what is none. */
export function parseSourceVersion(given: unknown): SourceVersion | null {
  const read = (given ?? {}) as Readonly<Record<string, unknown>>;
  const text = (name: string): string => (typeof read[name] === 'string' ? read[name] : '');
  const [ordinal, createdAt] = [wholeOf(read['version']), timeOf(read['creation_timestamp'])];
  const changedAt = timeOf(read['last_updated_timestamp']);
  if (text('name') === '' || ordinal === null || createdAt === null || changedAt === null) return null;
  const tags: unknown[] = Array.isArray(read['tags']) ? read['tags'] : [];
  return {
    model: text('name'),
    ordinal,
    description: text('description'),
    source: text('source'),
    runId: text('run_id'),
    runLink: text('run_link'),
    tags: Object.fromEntries(tags.flatMap(tagOf)),
    status: text('status'),
    createdAt,
    changedAt,
  };
}

/** Numbers come as such and as text. */
function wholeOf(given: unknown): number | null {
  const isGiven = typeof given === 'number' || (typeof given === 'string' && given !== '');
  return isGiven && Number.isSafeInteger(Number(given)) ? Number(given) : null;
}

/** The end of the year 9999: nothing here keeps a later time. */
const LAST_TIME = 253_402_300_799_999;

function timeOf(given: unknown): number | null {
  const time = wholeOf(given);
  return time !== null && time >= 0 && time <= LAST_TIME ? time : null;
}

function tagOf(given: unknown): [string, string][] {
  const { key, value } = (given ?? {}) as { readonly key?: unknown; readonly value?: unknown };
  return typeof key === 'string' ? [[key, typeof value === 'string' ? value : '']] : [];
}
