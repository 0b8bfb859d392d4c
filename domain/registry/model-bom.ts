import { canonicalJson } from '../governance/canonical-json.ts';
import type { Json } from '../governance/event-draft.ts';
import type { Dependency, DependencyKind } from './dependency.ts';
import type { RegisteredType } from './model-types.ts';
import type { VersionRecord } from './records.ts';

/** What a model of a type does, in the words of model cards. */
const TASK: Readonly<Record<RegisteredType, string>> = {
  embedding: 'feature-extraction',
  retriever: 'document-retrieval',
  reranker: 'text-ranking',
  generator: 'text-generation',
  pipeline: 'retrieval-augmented-generation',
  external: 'other',
};

/** What each kind of dependency is as a component. */
const COMPONENT: Readonly<Record<DependencyKind, 'data' | 'application' | 'machine-learning-model'>> = {
  dataset: 'data',
  index: 'data',
  code: 'application',
  'base-model': 'machine-learning-model',
  embedding: 'machine-learning-model',
  model: 'machine-learning-model',
};

/** A bill of materials, as JSON. */
export interface Bom {
  readonly [name: string]: Json;
}

/** What a bill of materials needs beside the registry. */
interface BomNotes {
  /** When it is written: ISO 8601, UTC. */
  readonly at: string;
  /** Who has signed the artifact; null when nobody who is known has. */
  readonly signer: string | null;
  /** In hexadecimal. */
  readonly sha256: (text: string) => string;
}

/**
 * The bill of materials of a version as CycloneDX 1.6: the version with its model card as the main component, and what it
 * directly rests on. `dependencies` are those known now. What says the same has the same serial number, whenever it is written, and nothing
 * else has it.
 */
export function assembleBom(
  record: VersionRecord,
  dependencies: readonly Dependency[],
  { at, sha256, signer }: BomNotes,
): Bom {
  const component = mainComponent(record, { ref: refOf(record), dependencies, signer });
  const content = {
    components: dependencies.map(componentOf),
    dependencies: [
      { ref: refOf(record), dependsOn: dependencies.map(refOfDependency) },
      ...dependencies.map((dependency) => ({ ref: refOfDependency(dependency) })),
    ],
  };
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(sha256(canonicalJson({ component, ...content })))}`,
    version: 1,
    metadata: { timestamp: at, tools: { components: [{ type: 'application', name: 'durable-mlops' }] }, component },
    ...content,
  };
}

/** The first half of a digest, written as the UUID that the format wants (version 8: made by a rule of one's own). */
function uuidOf(digest: string): string {
  const [a, b, c, d, e] = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    digest.slice(13, 16),
    digest.slice(17, 20),
    digest.slice(20, 32),
  ];
  return `${a}-${b}-8${c}-8${d}-${e}`;
}

function mainComponent(
  { description, registration, tags }: VersionRecord,
  {
    dependencies,
    ref,
    signer,
  }: { readonly ref: string; readonly dependencies: readonly Dependency[]; readonly signer: string | null },
): { readonly [name: string]: Json } {
  const { artifact, metadata, metrics, model, type, version } = registration;
  const datasets = dependencies.filter(({ kind }) => kind === 'dataset');
  return {
    type: 'machine-learning-model',
    'bom-ref': ref,
    name: model,
    version,
    ...(description === '' ? {} : { description }),
    ...(artifact === null ? {} : { hashes: [{ alg: 'SHA-256', content: artifact }] }),
    modelCard: {
      modelParameters: {
        task: TASK[type],
        ...(datasets.length === 0 ? {} : { datasets: datasets.map((one) => ({ ref: refOfDependency(one) })) }),
      },
      quantitativeAnalysis: {
        performanceMetrics: metrics.map(({ direction, name, unit, value }) => ({
          type: name,
          value: `${value} ${unit} (${direction} is better)`,
        })),
      },
    },
    properties: [
      { name: 'mlops:type', value: type },
      ...(signer === null ? [] : [{ name: 'mlops:signer', value: signer }]),
      ...Object.entries(metadata).map(([key, value]) => ({ name: `mlops:metadata:${key}`, value: String(value) })),
      ...Object.entries(tags).map(([key, value]) => ({ name: `mlops:tag:${key}`, value })),
    ],
  };
}

function componentOf(dependency: Dependency): { readonly [name: string]: Json } {
  const { kind, target } = dependency;
  const at = target.lastIndexOf('@');
  const [name, version] =
    at > 0 && at < target.length - 1 ? [target.slice(0, at), target.slice(at + 1)] : [target, null];
  const type = COMPONENT[kind];
  return {
    type,
    'bom-ref': refOfDependency(dependency),
    name,
    ...(version === null ? {} : { version }),
    ...(type === 'data' ? { data: [{ type: kind === 'dataset' ? 'dataset' : 'other', name }] } : {}),
    properties: [{ name: 'mlops:dependency', value: kind }],
  };
}

function refOf({ registration }: VersionRecord): string {
  return `version:${registration.model}@${registration.version}`;
}

/** One thing may be depended on in two ways: each is a component of its own. */
function refOfDependency({ kind, target }: Dependency): string {
  return `${kind}:${target}`;
}
