import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import type { RegistrationOrder } from '../../domain/registry/registration.ts';

/** What a manifest says: what is registered, and where its artifact lies. */
export interface Manifest {
  readonly registration: Partial<RegistrationOrder>;
  /** As it stands in the file; null for none. */
  readonly artifact: string | null;
  readonly stage: string | null;
}

const text = z.string();
const values = z.record(z.string(), z.unknown());
const MANIFEST = z.strictObject({
  name: text.optional(),
  version: text.optional(),
  type: text.optional(),
  description: text.optional(),
  stage: z.enum(['development', 'production']).optional(),
  // Empty, it would be the folder of the manifest.
  artifact: text.min(1, 'it is empty, wanted the path of a file or folder').optional(),
  metadata: values.optional(),
  metrics: values.optional(),
  tags: values.optional(),
  dependencies: z.array(z.strictObject({ kind: text, target: text })).optional(),
  datasets: z.array(text).optional(),
  code_commit: text.optional(),
  base_model: text.optional(),
  index_version: text.optional(),
  approval_required: z.boolean().optional(),
});

/** Reads a manifest, YAML or JSON. @throws MANIFEST_INVALID naming everything that is wrong with its shape */
export async function parseManifest(file: string, content: string): Promise<Manifest> {
  const result = MANIFEST.safeParse(await parseYaml(file, content));
  if (!result.success)
    throw new MlopsError('MANIFEST_INVALID', { file, problem: result.error.issues.flatMap(describe).join('; ') });
  const { artifact, approval_required, name, stage, ...rest } = result.data;
  const { base_model, code_commit, datasets, dependencies, index_version, ...plain } = rest;
  const short = shortDependencies({
    baseModel: base_model,
    codeCommit: code_commit,
    datasets: datasets ?? [],
    indexVersion: index_version,
  });
  return {
    registration: {
      ...given({ ...plain, model: name, approvalRequired: approval_required }),
      dependencies: [...(dependencies ?? []), ...short],
    },
    artifact: artifact ?? null,
    stage: stage ?? null,
  };
}

/** The dependencies that have a short way to be written. */
export function shortDependencies(short: {
  readonly datasets: readonly string[];
  readonly codeCommit: string | undefined;
  readonly baseModel: string | undefined;
  readonly indexVersion: string | undefined;
}): { readonly kind: string; readonly target: string }[] {
  return [
    ...short.datasets.map((target) => ({ kind: 'dataset', target })),
    ...dependencyOf('code', short.codeCommit),
    ...dependencyOf('base-model', short.baseModel),
    ...dependencyOf('index', short.indexVersion),
  ];
}

function dependencyOf(kind: string, target: string | undefined) {
  return target === undefined ? [] : [{ kind, target }];
}

async function parseYaml(file: string, content: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    return parse(content);
  } catch (error) {
    throw new MlopsError('MANIFEST_INVALID', { file, problem: messageOf(error).split('\n')[0] }, { cause: error });
  }
}

function describe(issue: z.core.$ZodIssue): string[] {
  const where = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return [`${where === '' ? 'it' : where}: ${issue.message}`];
  const known = Object.keys(MANIFEST.shape);
  return issue.keys.map((key) => {
    const nearest = known.toSorted((a, b) => distance(key, a) - distance(key, b))[0];
    return where === '' ? `unknown key ${key}; the nearest is ${nearest}` : `unknown key ${where}.${key}`;
  });
}

/** Only what is there: an absent key is not the same as one without a value. */
function given<T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
