import { z } from 'zod';
import { MlopsError } from '../../domain/errors.ts';
import type { SourceConflict } from '../../domain/registry/mlflow/source-conflict.ts';
import type { TakenOver } from '../../domain/registry/mlflow/version-source.ts';
import type { ImportReport } from '../../domain/registry/records.ts';
import { hasCredentials } from '../../domain/url-credentials.ts';
import { NAME, parseInput } from '../parse-input.ts';
import type { Registry } from '../registry-port.ts';
import { writeFileWhole } from '../write-file-whole.ts';

/** Another registry. */
export interface SourceInput {
  /** Of a server in the MLflow protocol: http or https, without user and password. */
  readonly url: string;
  /** Its bearer token; none by default. */
  readonly token?: string;
}

/** A file that was written; beside the rows it has a first and a last line. */
export interface WrittenResult {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
}

/** The whole registry for programs: what `model export` and `model import` do. Every verb may throw as those of `registry`. */
export interface TransferVerbs {
  /** The whole registry without artifacts, as lines that each end with a newline. */
  export(): AsyncIterable<string>;
  /** The same as a file, which appears when it is whole. @throws OUTPUT_UNWRITABLE */
  exportTo(file: string): Promise<WrittenResult>;
  /**
   * Puts an export into an empty registry. One that holds exactly that is left as it is: `isNew` is false then.
   *
   * @throws REGISTRY_IMPORT_INVALID, REGISTRY_IMPORT_DIFFERS, DATABASE_ROLE_MISSING
   */
  import(lines: AsyncIterable<string>): Promise<ImportReport>;
  /**
   * Takes versions over from another registry, without their content; again, it brings up to date what changed there.
   *
   * @throws REGISTRY_SOURCE_FAILED, REGISTRY_SOURCE_OWN
   */
  takeOver(order: SourceInput): Promise<TakenOver>;
  /** What could not be taken over, and what mends it: it is tried again each time, and nothing waits for it. At most 1000, those first that waited longest. */
  conflicts(): Promise<readonly SourceConflict[]>;
}

/** What the verbs need of the system. */
export interface TransferVerbParts {
  registry(): Promise<Pick<Registry, 'conflicts' | 'export'>>;
  registryOfAdmin(): Promise<Pick<Registry, 'import'>>;
  takeOver(url: string, token: string | null): Promise<TakenOver>;
  /** What names of files are relative to. */
  readonly workingDirectory: string;
}

const LINES = z.custom<AsyncIterable<string>>(
  (given) => typeof given === 'object' && given !== null && Symbol.asyncIterator in given,
  'wanted lines, one after the other: an AsyncIterable',
);
const SOURCE = z.strictObject({
  url: z.string().refine(isSourceUrl, { error: 'wanted a URL with http or https, without user and password' }),
  token: NAME.exactOptional(),
}) satisfies z.ZodType<SourceInput>;

/** Whether versions can be taken over from there: a password in it would be shown wherever the URL is. */
export function isSourceUrl(url: string): boolean {
  return /^https?:\/\//.test(url) && URL.canParse(url) && !hasCredentials(url);
}

/** The verbs of the whole registry, for the command line and for programs. */
export function createTransferVerbs(parts: TransferVerbParts): TransferVerbs {
  return {
    export: async function* lines() {
      for await (const group of (await parts.registry()).export()) yield* group;
    },
    exportTo: async (given) => {
      const file = parseInput('registry.transfer.exportTo', NAME, given);
      const groups = (await parts.registry()).export();
      const { bytes, lines } = await writeFileWhole(parts.workingDirectory, file, groups);
      return { file, rows: lines - 2, bytes };
    },
    import: async (given) => {
      const lines = parseInput('registry.transfer.import', LINES, given);
      return await (await parts.registryOfAdmin()).import({ lines: withoutEnds(lines) });
    },
    takeOver: async (order) => {
      const { token = null, url } = parseInput('registry.transfer.takeOver', SOURCE, order);
      return await parts.takeOver(url, token);
    },
    conflicts: async () => await (await parts.registry()).conflicts(),
  };
}

async function* withoutEnds(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) {
    if (typeof line !== 'string')
      throw new MlopsError('USAGE_INVALID', {
        problem: `Line of an import is ${typeof line}, wanted text`,
        hint: 'See registry.transfer.import in docs/reference/typescript-api.md',
      });
    yield line.replace(/\r?\n$/, '');
  }
}
